namespace RPort.Agent.Configuration;

/// <summary>Shows a configuration to people. Never a secret.</summary>
internal static class ConfigurationReport
{
    public static void WriteValues(LoadedConfiguration loaded, TextWriter output)
    {
        foreach (ConfigurationKey key in ConfigurationSchema.All)
        {
            output.WriteLine($"{key.Path} = {key.Show(loaded.Options)}   ({loaded.Origins.GetValueOrDefault(key.Path, "default")})");
        }
    }

    public static void WriteProblems(LoadedConfiguration loaded, TextWriter output)
    {
        foreach (string warning in loaded.Warnings)
        {
            output.WriteLine($"warning: {warning}");
        }

        foreach (string error in loaded.Errors)
        {
            output.WriteLine($"error: {error}");
        }
    }
}
