using System.Text.Json;
using System.Text.Json.Serialization;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Cli.Api;

/// <summary>The API's shapes as a client reads them: changes of the API are additive, so unknown fields are passed over.</summary>
internal static class ApiJson
{
    public static HttpJson Shapes { get; } =
        new(new JsonSerializerOptions(HttpJson.Default.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip });
}
