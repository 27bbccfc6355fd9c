using System.Text;

namespace RPort.Silo.Configuration;

/// <summary>What <c>--help</c> prints: every option with its default and what it does, taken from the options classes themselves.</summary>
public static class HelpText
{
    public static bool IsAskedFor(string[] args) => args.Any(arg => arg is "--help" or "-h" or "-?" or "help");

    /// <param name="program">The program's name, as in the usage line.</param>
    /// <param name="purpose">What it is, in a sentence.</param>
    /// <param name="sections">The sections it reads.</param>
    public static string Of(string program, string purpose, IEnumerable<OptionsSection> sections)
    {
        var text = new StringBuilder($"""
            {purpose}

            Usage: {program} [--config FILE] [--Section:Key=VALUE]...
                   {program} --help | --version

            Settings come from appsettings.json, the JSON file of --config, environment variables (RPORT_Section__Key)
            and the command line; the later wins. Lists are written --Section:Key:0=A --Section:Key:1=B. A key that is
            not listed here is an error.

            """);
        foreach (IGrouping<string, KnownKey> group in sections.SelectMany(KnownKey.Of).DistinctBy(k => k.Key, StringComparer.OrdinalIgnoreCase).GroupBy(k => k.Key[..k.Key.IndexOf(':')]))
        {
            text.AppendLine().AppendLine(group.Key);
            foreach (KnownKey key in group)
            {
                text.AppendLine($"  {key.Key} = {key.Default}");
                if (key.Description.Length > 0)
                {
                    text.AppendLine($"      {key.Description}");
                }
            }
        }

        return text.ToString();
    }
}
