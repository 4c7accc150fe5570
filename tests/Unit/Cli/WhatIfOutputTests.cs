using System.CommandLine;
using System.Xml.Linq;
using TokenLedger.Cli.Plots;
using TokenLedger.Cli.WhatIf;
using TokenLedger.Contracts;
using TokenLedger.Core.Replay;

namespace TokenLedger.Tests.Unit.Cli;

/// <summary>What is typed for a what-if, and the picture that comes of it.</summary>
public sealed class WhatIfOutputTests
{
    [Fact]
    public void Reads_the_settings_that_are_changed_and_says_them_again()
    {
        var changes = Parse("--replicas 3 --class batch=spot --baseline chat=100,2000,3 --baseline batch=1,2,3 --burst-seconds 20", out _);
        Assert.Equal((3, 20), (changes.Replicas, changes.BurstSeconds));
        Assert.Equal(new EntitlementChange(ServiceClass.Spot, new(1, 2, 3)), changes.Entitlements[new("batch")]);
        Assert.Equal(new EntitlementChange(null, new(100, 2_000, 3)), changes.Entitlements[new("chat")]);
        Assert.Equal(["replicas 3", "burst-seconds 20", "class batch=spot", "baseline batch=1,2,3", "baseline chat=100,2000,3"], WhatIfOptions.Describe(changes));
    }

    [Fact]
    public void Reads_another_policy_shadow_and_lending()
    {
        var changes = Parse("--policy rate-limit --shadow false --lending 0.25", out _);
        Assert.Equal((AdmissionPolicy.RateLimit, false, 0.25, true), (changes.Policy, changes.Shadow, changes.Lending, changes.Any));
        Assert.Equal(["policy rate-limit", "shadow false", "lending 0.25"], WhatIfOptions.Describe(changes));
        Assert.Equal((null, null, null), (Parse("--replicas 3", out _).Policy, changes.Replicas, changes.BurstSeconds));
    }

    [Theory]
    [InlineData("--policy first-come")]
    [InlineData("--policy 1")]
    [InlineData("--shadow maybe")]
    [InlineData("--lending 1.1")]
    [InlineData("--lending -1")]
    [InlineData("--lending NaN")]
    [InlineData("--class batch")]
    [InlineData("--class batch=cheap")]
    [InlineData("--class batch=1")]
    [InlineData("--baseline chat=1,2")]
    [InlineData("--baseline chat=1,2,-3")]
    [InlineData("--replicas -1")]
    [InlineData("--burst-seconds 0")]
    public void Refuses_what_is_no_setting(string words)
    {
        Parse(words, out var errors);
        Assert.NotEqual(0, errors);
    }

    [Fact]
    public void Draws_lines_and_bars_as_well_formed_xml_inside_the_picture()
    {
        var line = new PlotLine("a < b & c", [(0, 3), (1, 0), (2, 7)], 1);
        var svg = XDocument.Parse(new ComparisonPlot("<title>", "caption").Lines("held", line, line, line, line).Bars("refusals", [("no-capacity", 0, 5), ("never-fits", 12_000, 1)]).ToSvg());
        XNamespace ns = "http://www.w3.org/2000/svg";
        Assert.Equal(4 + 2, svg.Descendants(ns + "path").Count()); // Four curves, and the dashed ones again in the legend.
        Assert.Contains(svg.Descendants(ns + "text"), text => text.Value == "12,000");
        Assert.All(svg.Descendants(ns + "rect"), bar => Assert.InRange((double)bar.Attribute("width")!, 0, 960));
        Assert.All(svg.Descendants(ns + "text"), text => Assert.InRange((double)text.Attribute("y")!, 0, (double)svg.Root!.Attribute("height")!));
    }

    [Fact]
    public void Draws_a_window_in_which_nothing_happened() =>
        Assert.NotNull(XDocument.Parse(new ComparisonPlot("t", "c").Lines("held", new PlotLine("a", [(0, 0)], 1)).Bars("refusals", []).ToSvg()).Root);

    private static WhatIfChanges Parse(string words, out int errors)
    {
        var (options, command) = (new WhatIfOptions(), new Command("whatif"));
        options.AddTo(command);
        var parsed = command.Parse(words);
        errors = parsed.Errors.Count;
        return errors == 0 ? options.Read(parsed) : WhatIfChanges.None;
    }
}
