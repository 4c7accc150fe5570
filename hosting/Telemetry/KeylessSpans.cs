using System.Diagnostics;
using OpenTelemetry;
using TokenLedger.Hosting.Access;

namespace TokenLedger.Hosting;

/// <summary>Keeps keys out of traces: a span names the path that was asked for. (The query is in none.)</summary>
internal sealed class KeylessSpans : BaseProcessor<Activity>
{
    private const string Path = "url.path";

    public override void OnEnd(Activity data)
    {
        if (data.GetTagItem(Path) is string path && WrittenKeys.In(path)) data.SetTag(Path, WrittenKeys.Blacken(path));
    }
}
