using System.ComponentModel.DataAnnotations;

namespace RPort.Silo.Configuration;

/// <summary>Options that decide how the host is put together, read before there is one. Checked like the others, with the same words.</summary>
public static class EarlyOptions
{
    /// <summary>The section as an options class.</summary>
    /// <exception cref="ConfigurationMistakeException">A value is not of its type, or breaks a rule.</exception>
    public static T Read<T>(IConfiguration configuration, string section)
        where T : class, new()
    {
        T options;
        try
        {
            options = configuration.GetSection(section).Get<T>() ?? new T();
        }
        catch (InvalidOperationException e)
        {
            throw new ConfigurationMistakeException(e.InnerException is null ? e.Message : $"{e.Message} {e.InnerException.Message}");
        }

        var mistakes = new List<ValidationResult>();
        return Validator.TryValidateObject(options, new ValidationContext(options), mistakes, validateAllProperties: true)
            ? options
            : throw new ConfigurationMistakeException(string.Join(Environment.NewLine, mistakes.Select(mistake => mistake.ErrorMessage)));
    }
}
