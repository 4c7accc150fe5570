using FsCheck;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>How properties are checked: quietly, and with the seed in the message when one fails.</summary>
internal static class Properties
{
    public static Config Of(int cases) => Config.QuickThrowOnFailure.WithMaxTest(cases).WithQuietOnSuccess(true);
}
