using System.Collections;

namespace TokenLedger.Tests.Integration.Hosting;

/// <summary>Fills every parameter of a record with something that is not its default, so that a field lost on the way shows.</summary>
internal static class Samples
{
    private static readonly Guid s_uuid = new("0f8fad5b-d9cb-469f-a165-70867728950e");

    public static object Of(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } underlying) return Of(underlying);
        if (type.IsEnum) return Enum.GetValues(type).Cast<object>().ElementAt(Math.Min(5, Enum.GetValues(type).Length - 1));
        if (type.IsGenericType && type.IsAssignableTo(typeof(IEnumerable))) return ListOf(type.GetGenericArguments()[0]);
        return type switch
        {
            _ when type == typeof(string) => "a \"quoted\" <täxt>",
            _ when type == typeof(long) => 9_007_199_254_740_993,
            _ when type == typeof(int) => 42,
            _ when type == typeof(Int128) => (Int128)long.MaxValue * 1_000_000,
            _ when type == typeof(double) => 0.1,
            _ when type == typeof(bool) => true,
            _ when type == typeof(Guid) => s_uuid,
            _ when type == typeof(DateTimeOffset) => Facts.Noon.AddMicroseconds(1),
            _ => Record(type),
        };
    }

    private static object Record(Type type)
    {
        var constructor = type.GetConstructors().MaxBy(constructor => constructor.GetParameters().Length)!;
        // Ids refuse odd characters.
        return constructor.Invoke([.. constructor.GetParameters().Select(parameter =>
            type.Name.EndsWith("Id", StringComparison.Ordinal) && parameter.ParameterType == typeof(string) ? "an-id.7" : Of(parameter.ParameterType))]);
    }

    private static IList ListOf(Type element)
    {
        var list = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(element))!;
        list.Add(Of(element));
        list.Add(Of(element));
        return list;
    }
}
