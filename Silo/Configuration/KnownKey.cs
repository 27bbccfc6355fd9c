using System.Collections;
using System.ComponentModel;
using System.Globalization;
using System.Reflection;

namespace RPort.Silo.Configuration;

/// <summary>One configuration key an options class reads.</summary>
/// <param name="Key">The key with its sections, such as <c>Api:Address</c>.</param>
/// <param name="HasChildren">True for lists and maps: anything below the key belongs to it.</param>
/// <param name="Default">The default as text.</param>
/// <param name="Description">What setting it does.</param>
public sealed record KnownKey(string Key, bool HasChildren, string Default, string Description)
{
    /// <summary>The keys of an options class, nested classes included.</summary>
    public static IEnumerable<KnownKey> Of(OptionsSection section) =>
        Of(section.Section, Activator.CreateInstance(section.Options)!);

    private static IEnumerable<KnownKey> Of(string prefix, object options)
    {
        foreach (PropertyInfo property in options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite || IsMany(p)))
        {
            string key = $"{prefix}:{property.Name}";
            object? value = property.GetValue(options);
            if (!IsMany(property) && property.PropertyType is { IsClass: true } nested && nested != typeof(string) && value is not null && nested.Assembly == options.GetType().Assembly)
            {
                foreach (KnownKey inner in Of(key, value))
                {
                    yield return inner;
                }

                continue;
            }

            string description = property.GetCustomAttribute<DescriptionAttribute>()?.Description ?? Documentation.SummaryOf(property);
            yield return new KnownKey(key, IsMany(property), Text(value), description);
        }
    }

    private static bool IsMany(PropertyInfo property) =>
        property.PropertyType != typeof(string) && typeof(IEnumerable).IsAssignableFrom(property.PropertyType);

    private static string Text(object? value) => value switch
    {
        null or "" => "(empty)",
        string text => text,
        IEnumerable many => many.Cast<object>().ToArray() is { Length: > 0 } items ? string.Join(", ", items) : "(empty)",
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
