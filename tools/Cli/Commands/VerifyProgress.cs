using System.Globalization;
using Spectre.Console;
using TokenLedger.Cli.Verify;

namespace TokenLedger.Cli.Commands;

/// <summary>Shows on a terminal how far a verification is; a log gets nothing of it.</summary>
internal static class VerifyProgress
{
    public static Task<VerifyReport> ShowAsync(Func<Action<long, long?>, Task<VerifyReport>> run) => Console.IsErrorRedirected
        ? run(static (_, _) => { })
        : Terminal.Messages.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context =>
            {
                var bar = context.AddTask("verifying").IsIndeterminate();
                return run((events, all) =>
                {
                    bar.Description = string.Create(CultureInfo.InvariantCulture, $"{events:N0} events");
                    if (all is not { } total) return;
                    bar.IsIndeterminate(false).MaxValue(total).Value(events);
                });
            });
}
