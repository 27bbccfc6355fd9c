using System.Text.Json;
using Microsoft.Extensions.Logging;
using RPort.Protocol;

namespace RPort.Agent.Files;

/// <summary>
/// Remembers pushes across crashes: one small file per push, replaced as a whole and flushed before it counts. Bounded in number and time: results the gateway
/// has recorded go after a while, the oldest first when there are too many.
/// </summary>
internal sealed class PushJournal(PushFolder folder, IPlatformFiles files, FileReceiverSettings settings, TimeProvider clock, ILogger logger)
{
    private readonly Lock _gate = new(); // also held while a file is written, so that memory and disk agree on the order of changes
    private readonly Dictionary<string, JournalEntry> _entries = new(StringComparer.Ordinal);

    /// <summary>Reads what an earlier process left, and removes what is too old to come again.</summary>
    public void Open()
    {
        lock (_gate)
        {
            files.CreatePrivateFolder(folder.Path);
            foreach (string path in Directory.EnumerateFiles(folder.Path, "*" + PushFolder.JournalSuffix))
            {
                if (Read(path) is { } entry && folder.Journal(entry.Id) == path) { _entries[entry.Id] = entry; }
            }

            Sweep();
            Forget();
        }
    }

    public JournalEntry? Find(string id)
    {
        lock (_gate) { return _entries.GetValueOrDefault(id); }
    }

    /// <summary>Results the gateway has not recorded yet, oldest first.</summary>
    public IReadOnlyList<JournalEntry> Unreported()
    {
        lock (_gate) { return [.. _entries.Values.Where(e => e.Stage == JournalStage.Done && !e.Recorded).OrderBy(e => e.At)]; }
    }

    /// <summary>Replaces the entry of its push; on disk when this returns.</summary>
    /// <exception cref="PushFailedException">It could not be written, and nothing changed.</exception>
    public void Write(JournalEntry entry)
    {
        lock (_gate)
        {
            entry = entry with { At = clock.GetUtcNow(), Order = entry.Order with { SourceFilePath = "" } };
            Store(entry);
            _entries[entry.Id] = entry;
            if (entry.Stage == JournalStage.Done) { Forget(); }
        }
    }

    /// <summary>The push ended. Where the disk does not take that down, memory has to do until the process ends; the order would then come again.</summary>
    public void Finish(UploadOrder order, UploadResult result)
    {
        lock (_gate)
        {
            if (_entries.GetValueOrDefault(order.Id) is { } earlier) { DeleteCopy(earlier); }
            PushFolder.Delete(folder.Staging(order.Id)); // before the journal is written: it may be what fills the disk
            JournalEntry entry = new() { Order = order, Stage = JournalStage.Done, Result = result };
            try
            {
                Write(entry);
            }
            catch (PushFailedException e)
            {
                _entries[order.Id] = entry with { At = clock.GetUtcNow() };
                FilesLog.JournalFailed(logger, folder.Path, e.Message);
            }
        }
    }

    /// <summary>The gateway has this result (of this attempt, not of a later one).</summary>
    public void MarkRecorded(JournalEntry reported) => Mark(reported, recorded: true);

    /// <summary>The gateway asked again: report the result once more.</summary>
    public void MarkUnrecorded(JournalEntry entry) => Mark(entry, recorded: false);

    /// <summary>Forgets a push and removes all it left, the staging file too.</summary>
    public void Remove(string id)
    {
        lock (_gate)
        {
            if (_entries.Remove(id, out JournalEntry? entry)) { DeleteCopy(entry); }
            PushFolder.Delete(folder.Staging(id));
            PushFolder.Delete(folder.Journal(id));
        }
    }

    /// <summary>Removes the copy beside the destination that a push about to be placed may have left.</summary>
    public static void DeleteCopy(JournalEntry entry)
    {
        if (entry.Stage != JournalStage.Placing || Path.GetDirectoryName(entry.Target) is not { } beside) { return; }
        PushFolder.Delete(Path.Join(beside, PushFolder.CopyName(Path.GetFileName(entry.Target), entry.Id)));
    }

    private void Mark(JournalEntry reported, bool recorded)
    {
        lock (_gate)
        {
            if (_entries.GetValueOrDefault(reported.Id) is { Stage: JournalStage.Done } entry && entry.Attempt == reported.Attempt && entry.Recorded != recorded)
            {
                entry = entry with { Recorded = recorded, At = clock.GetUtcNow() };
                _entries[entry.Id] = entry;
                try
                {
                    Store(entry);
                }
                catch (PushFailedException e)
                {
                    FilesLog.JournalFailed(logger, folder.Path, e.Message); // the worst is one more report after a restart
                }
            }
        }
    }

    private void Store(JournalEntry entry)
    {
        string path = folder.Journal(entry.Id), unfinished = path + PushFolder.UnfinishedSuffix;
        try
        {
            using (FileStream file = files.OpenPrivate(unfinished, FileMode.Create))
            {
                RandomAccess.Write(file.SafeFileHandle, JsonSerializer.SerializeToUtf8Bytes(entry, JournalJson.Default.JournalEntry), 0);
                RandomAccess.FlushToDisk(file.SafeFileHandle);
            }

            File.Move(unfinished, path, overwrite: true);
            files.FlushFolder(folder.Path);
        }
        catch (Exception e) when (PushFailedException.IsFileError(e))
        {
            throw PushFailedException.From($"cannot write the journal in {folder.Path}", e);
        }
    }

    private JournalEntry? Read(string path)
    {
        try
        {
            JournalEntry? entry = JsonSerializer.Deserialize(File.ReadAllBytes(path), JournalJson.Default.JournalEntry);
            return entry is { Order: not null } && OrderRules.IsPlainName(entry.Id) && (entry.Stage == JournalStage.Started || entry.Result is not null) ? entry : null;
        }
        catch (Exception e) when (PushFailedException.IsFileError(e) || e is JsonException)
        {
            FilesLog.JournalFailed(logger, path, e.Message); // swept when it is old; until then the push starts anew if it comes
            return null;
        }
    }

    private void Sweep()
    {
        DateTimeOffset limit = clock.GetUtcNow() - settings.StaleAfter;
        int swept = 0;
        foreach (JournalEntry entry in _entries.Values.Where(e => e.Stage != JournalStage.Done && e.At < limit).ToList())
        {
            Remove(entry.Id);
            swept++;
        }

        foreach (FileInfo file in new DirectoryInfo(folder.Path).EnumerateFiles())
        {
            bool ours = file.Name.EndsWith(PushFolder.StagingSuffix, StringComparison.Ordinal) || file.Name.Contains(PushFolder.JournalSuffix, StringComparison.Ordinal);
            bool known = _entries.ContainsKey(file.Name.Split(PushFolder.StagingSuffix)[0]) && !file.Name.EndsWith(PushFolder.UnfinishedSuffix, StringComparison.Ordinal);
            if (ours && !known && file.LastWriteTimeUtc < limit)
            {
                PushFolder.Delete(file.FullName);
                swept++;
            }
        }

        if (swept > 0) { FilesLog.Swept(logger, swept); }
    }

    /// <summary>Lets go of recorded results past their time, and of the oldest results beyond the bound.</summary>
    private void Forget()
    {
        DateTimeOffset limit = clock.GetUtcNow() - settings.ResultRetention;
        List<JournalEntry> done = [.. _entries.Values.Where(e => e.Stage == JournalStage.Done).OrderByDescending(e => e.Recorded).ThenBy(e => e.At)];
        int excess = done.Count - settings.MaxResults;
        for (int i = 0; i < done.Count; i++)
        {
            if (i < excess || (done[i].Recorded && done[i].At < limit)) { Remove(done[i].Id); }
        }
    }
}
