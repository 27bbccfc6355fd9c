using System.Collections.Concurrent;
using System.Security.Cryptography;
using RPort.Load.Figures;
using RPort.Protocol;

namespace RPort.Load.Soak;

/// <summary>What was asked for and what the agents say became of it. Thread-safe.</summary>
internal sealed class PushLedger(Violations violations)
{
    private readonly ConcurrentDictionary<string, PlannedPush> _pushes = [];
    private readonly ConcurrentDictionary<(string Push, string Agent), UploadResult> _written = [];
    private int _reports;
    private int _verified;

    public ICollection<PlannedPush> Pushes => _pushes.Values;

    /// <summary>Files whose content was found to be the one that was sent.</summary>
    public int Verified => Volatile.Read(ref _verified);

    /// <summary>Reports of results, those included that had to be made again.</summary>
    public int Reports => Volatile.Read(ref _reports);

    public void Plan(PlannedPush push) => _pushes[push.Id] = push;

    /// <summary>What the agent wrote about this push; null for nothing.</summary>
    public UploadResult? Find(string push, string agent) => _written.GetValueOrDefault((push, agent));

    /// <summary>An agent has a result and is about to report it, perhaps again. The first time a placed file is looked at.</summary>
    public async Task WriteAsync(string agent, UploadResult result)
    {
        Interlocked.Increment(ref _reports);
        if (!_written.TryAdd((result.Id, agent), result))
        {
            if (_written[(result.Id, agent)] != result)
            {
                violations.Add($"push {result.Id}: {agent} wrote \"{_written[(result.Id, agent)]}\" first and \"{result}\" now");
            }

            return;
        }

        if (!_pushes.TryGetValue(result.Id, out PlannedPush? push))
        {
            violations.Add($"push {result.Id}: {agent} has a result of a push nobody asked for");
        }
        else if (!push.Targets.Contains(agent))
        {
            violations.Add($"push {result.Id}: it came to {agent}, which is no target of it");
        }
        else if (result.Status == UploadResult.Success)
        {
            await VerifyAsync(push, agent, result.FilePath);
        }
    }

    private async Task VerifyAsync(PlannedPush push, string agent, string path)
    {
        try
        {
            await using FileStream file = File.OpenRead(path);
            byte[] hash = await SHA256.HashDataAsync(file);
            if (!hash.AsSpan().SequenceEqual(push.Sha256))
            {
                violations.Add($"push {push.Id}: {agent} placed other content than was sent ({file.Length} of {push.Size} bytes)");
                return;
            }

            Interlocked.Increment(ref _verified);
        }
        catch (IOException e)
        {
            violations.Add($"push {push.Id}: {agent} says it placed a file, and {e.Message}");
        }
    }
}
