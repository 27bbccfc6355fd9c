using System.Text.Json;

namespace RPort.Agent.Configuration;

/// <summary>Reads a value into the options; the text says which rule it broke, null that it broke none.</summary>
internal delegate string? ApplyValue(AgentOptions options, ConfigurationValue value);

/// <summary>One thing that can be configured: its name, its meaning, and how it is read and shown.</summary>
internal sealed class ConfigurationKey
{
    /// <summary>Such as <c>Client:Server</c>. Compared without regard to case.</summary>
    public required string Path { get; init; }

    /// <summary>The effect, in one line for the help.</summary>
    public required string Summary { get; init; }

    public required ApplyValue Apply { get; init; }

    /// <summary>The effective value for people, secrets masked.</summary>
    public required Func<AgentOptions, string> Show { get; init; }

    /// <summary>The effective value for the gateway, without secrets; null where there is nothing but a secret.</summary>
    public Action<AgentOptions, Utf8JsonWriter>? Disclose { get; init; }

    /// <summary>The value is never repeated in an error.</summary>
    public bool Secret { get; init; }

    /// <summary>Takes several values, by index or by name.</summary>
    public bool TakesParts { get; init; }

    public string Section => Path[..Path.IndexOf(':')];

    public string Name => Path[(Path.IndexOf(':') + 1)..];

    /// <summary>Such as <c>RPORT_CLIENT__SERVER</c>.</summary>
    public string Variable => ConfigurationSchema.VariablePrefix + Path.Replace(":", "__", StringComparison.Ordinal).ToUpperInvariant();
}
