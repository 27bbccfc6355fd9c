using System.Text.RegularExpressions;

namespace RPort.Deployment.Kubernetes;

/// <summary>The settings that the built programs know, from their own help.</summary>
internal static partial class KnownSettings
{
    private static readonly Lazy<string[]> Gateway = new(() => Of("RPort.Gateway.dll"));
    private static readonly Lazy<string[]> Silo = new(() => Of("RPort.Silo.dll"));

    public static string[] OfGateway => Gateway.Value;

    public static string[] OfSilo => Silo.Value;

    /// <summary>True for a listed key, and for an element of a listed list.</summary>
    public static bool Knows(this string[] known, string key) =>
        known.Contains(key, StringComparer.OrdinalIgnoreCase) || known.Contains(ListIndex().Replace(key, ""), StringComparer.OrdinalIgnoreCase);

    private static string[] Of(string program)
    {
        string help = Command.Run("dotnet", [Path.Combine(AppContext.BaseDirectory, program), "--help"]).OrThrow().Output;
        string[] keys = [.. Line().Matches(help).Select(match => match.Groups[1].Value)];
        return keys.Length > 0 ? keys : throw new InvalidOperationException($"{program} --help lists no settings.");
    }

    [GeneratedRegex(@"^  (\w+(?::\w+)+) = ", RegexOptions.Multiline)]
    private static partial Regex Line();

    [GeneratedRegex(@":\d+$")]
    private static partial Regex ListIndex();
}
