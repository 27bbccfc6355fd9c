using System.Collections.Concurrent;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;

namespace RPort.Silo.Configuration;

/// <summary>Reads what the source says of a property from the documentation file beside its assembly.</summary>
internal static partial class Documentation
{
    private static readonly ConcurrentDictionary<Assembly, IReadOnlyDictionary<string, string>> Files = new();

    /// <summary>The property's summary as plain text; empty where there is none.</summary>
    public static string SummaryOf(PropertyInfo property)
    {
        Type type = property.DeclaringType!;
        return Files.GetOrAdd(type.Assembly, Read).GetValueOrDefault($"P:{type.FullName!.Replace('+', '.')}.{property.Name}", "");
    }

    private static Dictionary<string, string> Read(Assembly assembly)
    {
        string file = Path.Combine(AppContext.BaseDirectory, $"{assembly.GetName().Name}.xml");
        try
        {
            return XDocument.Load(file).Descendants("member")
                .Where(member => member.Attribute("name") is not null && member.Element("summary") is not null)
                .ToDictionary(member => member.Attribute("name")!.Value, member => Plain(member.Element("summary")!));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or XmlException)
        {
            return []; // help without explanations is still help
        }
    }

    private static string Plain(XElement summary)
    {
        foreach (XElement reference in summary.Descendants().Where(e => e.Attribute("cref") is not null).ToArray())
        {
            string name = reference.Attribute("cref")!.Value;
            reference.ReplaceWith(name[(name.LastIndexOf('.') + 1)..]);
        }

        return Space().Replace(summary.Value, " ").Trim();
    }

    [GeneratedRegex("\\s+")]
    private static partial Regex Space();
}
