using Orleans;

namespace RPort.Grains.Abstractions;

/// <summary>
/// One command given to one client, and how it ended. Key: <see cref="KeyOf"/>; as the client is part of it, no other client can report it.
/// </summary>
[Alias("rport.ICommandGrain")]
public interface ICommandGrain : IGrainWithStringKey
{
    /// <summary>The key of a client's command.</summary>
    static string KeyOf(ClientId client, JobId job) => $"{job}/{client}";

    /// <summary>Makes the command, running, and puts it on its client's list. Durable before it answers, and so before the agent is told. A second call changes nothing.</summary>
    Task CreateAsync(CommandRequest request);

    /// <summary>The agent has started it. No effect once it has ended: a short command's result may be quicker.</summary>
    Task StartedAsync(int? pid, DateTimeOffset? startedAt);

    /// <summary>It was not started, for this reason, and has failed. Durable before it answers. No effect once it has ended.</summary>
    Task RefusedAsync(string error);

    /// <summary>The agent's result. Durable before it answers; the first one wins and later ones change nothing. False: there is no such command.</summary>
    Task<bool> FinishAsync(CommandReport report);

    /// <summary>The command as it stands; null when there is none. One that nobody has reported in time shows as <see cref="CommandStatus.Unknown"/>.</summary>
    [SafeToRepeat]
    Task<CommandView?> GetAsync();

    /// <summary>What it wrote; null before it has ended.</summary>
    Task<CommandOutput?> GetOutputAsync();

    /// <summary>The command in a line; null when there is none.</summary>
    [SafeToRepeat]
    Task<CommandSummary?> GetSummaryAsync();

    /// <summary>Forgets it, running or not. Durable before it answers.</summary>
    Task ForgetAsync();
}

/// <summary>The commands of one client, the newest <see cref="CommandLimits.MaxKept"/>. Key: the <see cref="ClientId"/>.</summary>
[Alias("rport.ICommandLogGrain")]
public interface ICommandLogGrain : IGrainWithStringKey
{
    /// <summary>Adds a command, and has those beyond the number kept forgotten. Durable before it answers.</summary>
    Task AddAsync(JobId job);

    /// <summary>Newest first.</summary>
    [SafeToRepeat]
    Task<CommandPage> ListAsync(int offset, int limit);

    /// <summary>Forgets all of them: the client is deleted.</summary>
    Task ClearAsync();
}
