namespace RPort.Agent.Configuration;

/// <summary>Everything the agent can be told, by section.</summary>
internal sealed class AgentOptions
{
    public ClientOptions Client { get; } = new();

    public ConnectionOptions Connection { get; } = new();

    public LoggingOptions Logging { get; } = new();

    public FileReceptionOptions FileReception { get; } = new();
}
