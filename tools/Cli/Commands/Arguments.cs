using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Commands;

/// <summary>Arguments and options that are checked before anything is sent.</summary>
internal static class Arguments
{
    private const int MaxFileBytes = 1 << 20;

    public static Argument<TId> Id<TId>(string name, string description) where TId : struct, IId<TId> =>
        new(name) { Description = description, CustomParser = ReadId<TId> };

    public static Option<TId?> IdOption<TId>(string name, string description) where TId : struct, IId<TId> =>
        new(name) { Description = description, HelpName = name.TrimStart('-'), CustomParser = argument => ReadId<TId>(argument) };

    /// <summary>A whole number between two bounds.</summary>
    public static Option<int> Number(string name, string description, int defaultValue, int min, int max)
    {
        var option = new Option<int>(name) { Description = $"{description} ({min}–{max})", HelpName = "n", DefaultValueFactory = _ => defaultValue };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is var value && (value < min || value > max)) result.AddError($"{name} must be from {min} to {max}.");
        });
        return option;
    }

    /// <summary>A time; one without an offset is UTC.</summary>
    public static Option<DateTimeOffset?> Time(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "time",
        CustomParser = argument =>
        {
            if (DateTimeOffset.TryParse(argument.Tokens[0].Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)) return time;
            argument.AddError($"'{argument.Tokens[0].Value}' is not a time such as 2026-07-01T00:00:00Z.");
            return null;
        },
    };

    public static Option<FileInfo> JsonFile(string description) => new Option<FileInfo>("--file") { Description = description, Required = true, HelpName = "file" }.AcceptExistingOnly();

    public static async Task<byte[]> ReadAsync(FileInfo file, CancellationToken ct) => file.Length <= MaxFileBytes
        ? await File.ReadAllBytesAsync(file.FullName, ct)
        : throw CommandFailure.BadUsage($"{file.Name} is larger than {MaxFileBytes} bytes.");

    private static TId ReadId<TId>(ArgumentResult argument) where TId : struct, IId<TId>
    {
        if (!TId.TryParse(argument.Tokens[0].Value, null, out var id)) argument.AddError($"'{argument.Tokens[0].Value}' {TId.Rule}.");
        return id;
    }
}
