using System.Text.Json.Serialization;
using TokenLedger.Contracts;
using TokenLedger.Gateway.Answers;
using TokenLedger.Gateway.Requests;
using TokenLedger.Hosting.Access;

namespace TokenLedger.Gateway;

/// <summary>A model as the OpenAI API lists it.</summary>
internal sealed record ModelEntry(string Id, string Object, long Created, [property: JsonPropertyName("owned_by")] string OwnedBy);

internal sealed record ModelList(string Object, IReadOnlyList<ModelEntry> Data);

/// <summary>The models that a key may use: those of its pool, or of all pools when it is an operator's.</summary>
internal sealed class Models(Keys keys, LedgerDirectory directory, TimeProvider clock)
{
    public Task ListAsync(HttpContext http) => AnswerAsync(http, models => (new ModelList("list", models), null));

    /// <param name="id">May hold slashes, which clients write as they are or as <c>%2F</c>.</param>
    public Task FindAsync(HttpContext http, string id)
    {
        var name = id.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        return AnswerAsync(http, models => models.FirstOrDefault(model => model.Id == name) is { } found
            ? (found, null)
            : (null, new(StatusCodes.Status404NotFound, "model-unknown", $"This key may use no model '{name}'.", Param: "model")));
    }

    private async Task AnswerAsync(HttpContext http, Func<IReadOnlyList<ModelEntry>, (object? Answer, Refusal? Refusal)> choose)
    {
        var request = Proxy.NewId(http, clock);
        var (caller, refusal) = await keys.FindCallerAsync(http.Request, Api.Chat, http.RequestAborted);
        var answer = default(object);
        if (refusal is null) (answer, refusal) = caller is OperatorCaller operatorCaller && !operatorCaller.Has(Role.Gateway)
            ? (null, new(StatusCodes.Status403Forbidden, "role-missing", "Models are listed for inference keys and for operator keys with the role 'gateway'."))
            : choose(Of(caller!));
        if (refusal is not null) await Errors.WriteAsync(http.Response, Api.Chat, refusal, request.ToString());
        else await http.Response.WriteAsJsonAsync(answer, answer!.GetType(), http.RequestAborted);
    }

    private IReadOnlyList<ModelEntry> Of(Caller caller)
    {
        IEnumerable<PoolId> pools = caller is InferenceCaller { Pool: var pool } ? [pool] : directory.Pools;
        var models = pools.Select(directory.FindPool).OfType<PoolSettings>().Select(settings => settings.Model).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        return [.. models.Select(model => new ModelEntry(model, "model", Created: 0, "tokenledger"))];
    }
}
