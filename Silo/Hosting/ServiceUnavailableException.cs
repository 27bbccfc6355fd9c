namespace RPort.Silo.Hosting;

/// <summary>What this process needs to start did not answer within <c>Cluster:StartTimeout</c>. The message says what, and why.</summary>
public sealed class ServiceUnavailableException(string message, Exception inner) : Exception(message, inner)
{
    /// <summary>EX_UNAVAILABLE: whoever starts the process may try again later.</summary>
    public const int ExitCode = 69;
}
