using System.Runtime.Versioning;

// The servers come from Debian's packages.
[assembly: SupportedOSPlatform("linux")]

namespace TokenLedger.Tests.Integration.Servers;

/// <summary>A state folder for one test. Other users may enter it, since a server that we start as root runs as one of them.</summary>
public sealed class TempHome : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tokenledger-test-");

    public TempHome() => _folder.UnixFileMode = (UnixFileMode)0b111_101_101;

    public string Folder => _folder.FullName;

    public void Dispose() => _folder.Delete(recursive: true);
}
