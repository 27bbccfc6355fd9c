using System.Reflection;

namespace RPort.Silo.Configuration;

/// <summary>Which release a program is.</summary>
public static class ProgramVersion
{
    /// <summary>Whether the command line wants nothing else.</summary>
    public static bool IsAskedFor(string[] args) => args.Any(arg => arg is "--version" or "-V" or "version");

    /// <summary>The version of the program that is running, such as <c>1.0.0</c>: without the commit it was built of.</summary>
    public static string Current { get; } =
        typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";
}
