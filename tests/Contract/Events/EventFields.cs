using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using TokenLedger.Contracts;

namespace TokenLedger.Tests.Contract;

/// <summary>A field of an event, or of a shape inside one, as it stands on the wire.</summary>
internal sealed record EventField(string Name, Type Type, string Parameter, bool IsOptional);

/// <summary>What the catalogue's own serialisers say about fields.</summary>
internal static class EventFields
{
    public static IReadOnlyList<EventField> Of(EventKind kind) => Of(kind.Type);

    /// <summary>The fields of a record inside an event.</summary>
    public static IReadOnlyList<EventField> Of(Type shape) => Of(General.GetTypeInfo(shape));

    /// <summary>How events are written, but in the general way: a converter of its own tells nothing of a shape's fields.</summary>
    public static JsonSerializerOptions General { get; } = WithoutOwnConverters();

    /// <summary>The records that events hold, those inside them included.</summary>
    public static IReadOnlyList<Type> Shapes { get; } =
        [.. EventCatalogue.Kinds.SelectMany(Of).SelectMany(Inside).Where(type => !type.IsEnum).Distinct().OrderBy(type => type.Name, StringComparer.Ordinal)];

    /// <summary>The words that events use.</summary>
    public static IReadOnlyList<Type> Words { get; } =
        [.. EventCatalogue.Kinds.SelectMany(Of).SelectMany(Inside).Where(type => type.IsEnum).Distinct().OrderBy(type => type.Name, StringComparer.Ordinal)];

    public static bool HasOptional(EventKind kind) => Of(kind).Any(field => field.IsOptional || Inside(field).Any(shape => !shape.IsEnum && Of(shape).Any(inner => inner.IsOptional)));

    /// <summary>The type behind a list or an optional value.</summary>
    public static Type Bare(Type type) => Item(type) ?? Nullable.GetUnderlyingType(type) ?? type;

    public static Type? Item(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? type.GetGenericArguments()[0] : null;

    public static bool IsId(Type type) => type.GetInterfaces().Any(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IId<>));

    private static EventField[] Of(JsonTypeInfo json) =>
        [.. from property in json.Properties
            let parameter = property.AssociatedParameter
            where parameter is not null
            select new EventField(property.Name, property.PropertyType, parameter.Name, parameter.IsNullable || Nullable.GetUnderlyingType(property.PropertyType) is not null)];

    private static JsonSerializerOptions WithoutOwnConverters()
    {
        var general = new JsonSerializerOptions(EventCatalogue.Kinds[0].Json.Options);
        general.Converters.Remove(general.Converters.OfType<ResourcesConverter>().Single());
        general.Converters.Remove(general.Converters.OfType<TokensConsumedConverter>().Single());
        return general;
    }

    private static IEnumerable<Type> Inside(EventField field)
    {
        var type = Bare(field.Type);
        if (type.Assembly != typeof(ILedgerEvent).Assembly || IsId(type)) return [];
        return type.IsEnum ? [type] : [type, .. Of(type).SelectMany(Inside)];
    }
}
