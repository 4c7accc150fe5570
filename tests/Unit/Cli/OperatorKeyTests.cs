using TokenLedger.Cli.Api;

namespace TokenLedger.Tests.Unit.Cli;

public sealed class OperatorKeyTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("tokenledger-cli-");

    [Fact]
    public void Is_found_in_the_nearest_folder_upwards()
    {
        var deep = _root.CreateSubdirectory("a/b/c");
        Write("", "outer");
        Assert.Equal("outer", OperatorKey.Find(null, deep));
        Write("a/b", "inner");
        Assert.Equal("inner", OperatorKey.Find(null, deep));
    }

    [Fact]
    public void Of_a_named_home_goes_before_every_folder()
    {
        Write("", "outer");
        Write("elsewhere", "home");
        Assert.Equal("home", OperatorKey.Find(Path.Combine(_root.FullName, "elsewhere", ".tokenledger"), _root));
        Assert.Null(OperatorKey.Find(Path.Combine(_root.FullName, "nowhere"), _root));
    }

    public void Dispose() => _root.Delete(recursive: true);

    private void Write(string folder, string key)
    {
        var home = _root.CreateSubdirectory(Path.Combine(folder, ".tokenledger"));
        File.WriteAllText(Path.Combine(home.FullName, "operator.key"), key + "\n");
    }
}
