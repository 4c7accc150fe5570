using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using TokenLedger.Contracts;
using TokenLedger.Hosting;
using TokenLedger.Hosting.Access;

namespace TokenLedger.Metering.Intake;

/// <summary>Usage over the bus: a message is a CloudEvent or a list of them, as <c>POST /v1/usage</c> takes. Who may publish at the broker counts as a gateway.</summary>
internal sealed class UsageInbox(UsageIntake intake, IOptions<MeteringOptions> options) : IInboxHandler
{
    private static readonly JsonDocumentOptions s_unambiguous = new() { AllowDuplicateProperties = false };
    private static readonly OperatorCaller s_bus = new(new KeyId("bus"), "bus", [Role.Gateway], Tenant: null);

    public string Name => "tokenledger.usage";

    public async Task<IReadOnlyList<RefusedPart>> TakeAsync(ReadOnlyMemory<byte> body, CancellationToken ct)
    {
        if (body.Length > options.Value.MaxBatchBytes) return Refuse(body, $"The message has more than {options.Value.MaxBatchBytes} bytes.");
        using var message = Parse(body, out var error);
        if (message is null) return Refuse(body, error!);
        List<JsonElement> events = message.RootElement.ValueKind == JsonValueKind.Array ? [.. message.RootElement.EnumerateArray()] : [message.RootElement];
        if (events.Count > options.Value.MaxBatchEvents) return Refuse(body, $"The message has more than {options.Value.MaxBatchEvents} events.");
        var results = await intake.TakeAsync(events, s_bus, ct);
        return [.. results.Zip(events).Where(pair => pair.First.Status != StatusCodes.Status202Accepted)
            .Select(pair => new RefusedPart(Encoding.UTF8.GetBytes(pair.Second.GetRawText()), pair.First.Status, pair.First.Reason!, pair.First.Detail!))];
    }

    private static JsonDocument? Parse(ReadOnlyMemory<byte> body, out string? error)
    {
        try
        {
            error = null;
            return JsonDocument.Parse(body, s_unambiguous);
        }
        catch (JsonException e)
        {
            error = $"The message is no JSON: {e.Message}";
            return null;
        }
    }

    private static RefusedPart[] Refuse(ReadOnlyMemory<byte> body, string detail) => [new(body, StatusCodes.Status400BadRequest, "invalid-input", detail)];
}
