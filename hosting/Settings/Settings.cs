using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using TokenLedger.Hosting.Access;

namespace TokenLedger.Hosting;

/// <summary>Options that are bound from configuration and checked before anything starts.</summary>
public static class Settings
{
    /// <summary>The short forms that everyone may rely on, and what they stand for.</summary>
    private static readonly (string Short, string Full)[] s_shortForms =
    [
        ("TOKENLEDGER_POSTGRES", $"{PostgresOptions.Section}:{nameof(PostgresOptions.ConnectionString)}"),
        ("TOKENLEDGER_RABBITMQ", $"{BusOptions.Section}:{nameof(BusOptions.RabbitMq)}"),
        ("TOKENLEDGER_OPERATOR_KEY", $"{AccessOptions.Section}:{nameof(AccessOptions.OperatorKey)}"),
        ("TOKENLEDGER_URLS", $"{HttpOptions.Section}:{nameof(HttpOptions.Urls)}"),
    ];

    /// <summary>Binds options to a section. A value out of range stops the process with a sentence that names it.</summary>
    public static IServiceCollection AddSettings<TOptions>(this IServiceCollection services, IConfiguration configuration, string section)
        where TOptions : class
    {
        services.AddOptions<TOptions>().Bind(configuration.GetSection(section)).ValidateOnStart();
        return services.AddSingleton<IValidateOptions<TOptions>>(new Sentences<TOptions>(section));
    }

    /// <summary>Fills in full names from short forms. A full name that is set wins.</summary>
    public static void ExpandShortForms(IConfiguration configuration)
    {
        foreach (var (shortForm, full) in s_shortForms)
            if (string.IsNullOrEmpty(configuration[full]) && configuration[shortForm] is { Length: > 0 } value)
                configuration[full] = value;
    }

    private sealed class Sentences<TOptions>(string section) : IValidateOptions<TOptions> where TOptions : class
    {
        public ValidateOptionsResult Validate(string? name, TOptions options)
        {
            List<ValidationResult> problems = [];
            return Validator.TryValidateObject(options, new ValidationContext(options), problems, validateAllProperties: true)
                ? ValidateOptionsResult.Success
                : ValidateOptionsResult.Fail(problems.Select(problem => Sentence(problem, options)));
        }

        private string Sentence(ValidationResult problem, TOptions options)
        {
            var member = problem.MemberNames.Single();
            var rule = typeof(TOptions).GetProperty(member)!.GetCustomAttributes(inherit: true).OfType<RangeAttribute>().SingleOrDefault();
            // A value is repeated only where a range says what it is: a text may hold a password.
            return rule is null
                ? $"{section}:{member} {problem.ErrorMessage!.TrimEnd('.')}."
                : $"{section}:{member} must be from {rule.Minimum} to {rule.Maximum}, not {typeof(TOptions).GetProperty(member)!.GetValue(options)}.";
        }
    }
}
