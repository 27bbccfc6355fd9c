namespace RPort.Silo.Configuration;

/// <summary>Says that a configuration section is bound to an options class: what <c>--help</c> lists and the check for unknown keys knows.</summary>
public sealed record OptionsSection(string Section, Type Options);

public static class OptionsSectionExtensions
{
    /// <summary>
    /// Binds an options class to a section, has it validated at start, and makes its keys known. Several classes may share one section.
    /// Each property says what setting it does, for <c>--help</c>: by a <see cref="System.ComponentModel.DescriptionAttribute"/> or else its summary.
    /// </summary>
    public static IServiceCollection AddCheckedOptions<T>(this IServiceCollection services, string section)
        where T : class
    {
        services.AddSingleton(new OptionsSection(section, typeof(T)));
        services.AddOptions<T>().BindConfiguration(section).ValidateDataAnnotations().ValidateOnStart();
        return services;
    }

    /// <summary>Every section bound so far.</summary>
    public static IReadOnlyList<OptionsSection> KnownSections(this IServiceCollection services) =>
        [.. services.Select(service => service.ImplementationInstance).OfType<OptionsSection>()];
}
