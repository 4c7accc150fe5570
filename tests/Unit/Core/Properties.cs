using FsCheck;
using Microsoft.FSharp.Core;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>How properties are checked: quietly, and on the same cases in every run, so that one that fails fails again.</summary>
internal static class Properties
{
    private static readonly FSharpOption<FsCheck.Replay> s_seed = FSharpOption<FsCheck.Replay>.Some(new(new Rnd(20_260_301, 1), FSharpOption<int>.None));

    public static Config Of(int cases) => Config.QuickThrowOnFailure.WithMaxTest(cases).WithQuietOnSuccess(true).WithReplay(s_seed);
}
