using Microsoft.Win32.SafeHandles;
using RPort.Protocol;

namespace RPort.Agent.Files;

/// <summary>All of one push, from the look at the destination to the result.</summary>
internal sealed class PushSteps(
    IPlatformFiles files, Destinations destinations, PushFolder folder, PushJournal journal, PayloadFetch fetch, Placement placement, FileReceiverSettings settings)
{
    /// <exception cref="PushFailedException">It cannot be done; the text is the result.</exception>
    /// <exception cref="OperationCanceledException">Taken back, or the connection is gone.</exception>
    public async Task<UploadResult> RunAsync(PushRun run)
    {
        UploadOrder order = run.Order;
        JournalEntry? earlier = run.Once ? null : journal.Find(order.Id);
        if (earlier is { Stage: JournalStage.Placing } && earlier.Attempt == run.Attempt && WasPlaced(earlier, run.Stop)) { return earlier.Result!; }

        FileFacts? existing = destinations.Existing(run.Target.Text, run.Destination);
        if (existing is not null && !order.ForceWrite)
        {
            if (!order.Sync) { return PushResults.Ignored(order); }
            if (Sync(run, existing) is { } result) { return result; }
        }

        _ = new Dressing(files, null, order, existing, folder.Staging(order.Id)); // an unknown user is better known before the download
        using FileStream staging = OpenStaging(run, earlier);
        await ReachedAsync(PushStage.Started).ConfigureAwait(false);
        await fetch.RunAsync(run, staging).ConfigureAwait(false);
        await ReachedAsync(PushStage.Fetched).ConfigureAwait(false);
        return await placement.RunAsync(run, staging).ConfigureAwait(false);
    }

    private FileStream OpenStaging(PushRun run, JournalEntry? earlier)
    {
        string path = folder.Staging(run.Order.Id);
        try
        {
            files.CreatePrivateFolder(folder.Path);
            if (earlier is not { Stage: not JournalStage.Done } || !SameContent(earlier.Order, run.Order)) { File.Delete(path); } // a part of something else
            destinations.CheckSpace(run.Order, run.Target);
            if (!run.Once) { journal.Write(new JournalEntry { Order = run.Order, Stage = JournalStage.Started }); }
            return Open(path);
        }
        catch (Exception e) when (PushFailedException.IsFileError(e))
        {
            throw PushFailedException.From($"cannot write in {folder.Path}", e);
        }
    }

    private FileStream Open(string path)
    {
        try
        {
            return files.OpenPrivate(path, FileMode.OpenOrCreate);
        }
        catch (UnauthorizedAccessException) when (File.Exists(path))
        {
            File.Delete(path); // already given to another owner when a crash came
            return files.OpenPrivate(path, FileMode.CreateNew);
        }
    }

    /// <summary>The result where the file there has the content already; null where it has to be written.</summary>
    private UploadResult? Sync(PushRun run, FileFacts existing)
    {
        UploadOrder order = run.Order;
        if (order.Size is { } size && size != existing.Length) { return null; }
        try
        {
            using SafeFileHandle file = File.OpenHandle(run.Target.Text, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (!HasContent(order, file, existing.Length, run.Stop)) { return null; }
            Dressing dressing = new(files, null, order, existing, folder.Staging(order.Id));
            DressGap gap = files.Compare(dressing.Dress, existing);
            if (!gap.Any) { return PushResults.Ignored(order); }
            DressOutcome outcome = files.Apply(dressing.Dress, file);
            if (outcome.ModeProblem is not null || outcome.OwnerProblem is not null) { return null; } // a file written anew may get what this one may not
            RandomAccess.FlushToDisk(file);
            return PushResults.Mended(order, Mended(gap, dressing.Dress));
        }
        catch (UnauthorizedAccessException)
        {
            return null; // not ours to read; perhaps ours to replace
        }
        catch (IOException e)
        {
            throw PushFailedException.From($"cannot read {run.Target}", e);
        }
    }

    private static string Mended(DressGap gap, FileDress dress)
    {
        string mode = gap.Mode ? $"mode set to 0{Convert.ToString(dress.Mode ?? 0, 8)}" : "";
        string owner = gap.Owner ? $"owner set to {dress.OwnerText}" : "";
        return gap is { Mode: true, Owner: true } ? $"{mode}, {owner}" : mode + owner;
    }

    /// <summary>
    /// A crash came after the intent to place: true where the file got there. A file that was moved is no longer where it came from; where nothing was replaced,
    /// the content alone tells.
    /// </summary>
    private bool WasPlaced(JournalEntry entry, CancellationToken cancellationToken)
    {
        if (entry.Replaces && File.Exists(entry.From)) { return false; }
        try
        {
            if (files.Look(entry.Target) is not { Kind: FileKind.File } there) { return false; }
            using SafeFileHandle file = File.OpenHandle(entry.Target, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return HasContent(entry.Order, file, there.Length, cancellationToken);
        }
        catch (Exception e) when (PushFailedException.IsFileError(e) || e is PushFailedException)
        {
            return false; // cannot be told: the push is done again, by its own rules
        }
    }

    private static bool HasContent(UploadOrder order, SafeFileHandle file, long length, CancellationToken cancellationToken)
    {
        if (order.Size is { } size && size != length) { return false; }
        using Checksum checksum = Checksum.For(order);
        return FileContent.AppendTo(checksum, file, length, cancellationToken) && checksum.Matches();
    }

    private static bool SameContent(UploadOrder one, UploadOrder other) => one.Sha256Checksum is { Length: > 0 } || other.Sha256Checksum is { Length: > 0 }
        ? one.Sha256Checksum == other.Sha256Checksum
        : one.Md5Checksum == other.Md5Checksum;

    private Task ReachedAsync(PushStage stage) => settings.Reached?.Invoke(stage) ?? Task.CompletedTask;
}
