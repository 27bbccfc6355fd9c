using RPort.Protocol;

namespace RPort.Agent.Files;

/// <summary>
/// Brings a verified staging file to its place, in one step that readers cannot see halfway:
/// 1. judge the destination again and hold its folder; 2. give the file its mode and owner and flush it; 3. write the intent down; 4. move.
/// On another file system a copy beside the destination is what gets mode, owner and move. Where the agent lacks the right, sudo moves the staging file.
/// </summary>
internal sealed class Placement(IPlatformFiles files, Destinations destinations, PushFolder folder, PushJournal journal, Sudo? sudo, FileReceiverSettings settings)
{
    /// <param name="run">The push.</param>
    /// <param name="staging">Its staging file; closed here.</param>
    public async Task<UploadResult> RunAsync(PushRun run, FileStream staging)
    {
        UploadOrder order = run.Order;
        (_, FilePath target) = destinations.Judge(order);
        if (!target.SameAs(run.Target)) { throw Destinations.Moved(run.Target); }
        destinations.CreateFolders(target);
        using DestinationFolder held = destinations.Hold(target);
        string to = held.PathOf(target.Name);
        FileFacts? existing = destinations.Existing(to, run.Destination);
        bool replace = order.ForceWrite || order.Sync;
        if (existing is not null && !replace) { return PushResults.Ignored(order); }

        Step step = new(run, target, held, to, replace, staging.Length, new Dressing(files, sudo, order, existing, folder.Staging(order.Id)));
        if (!OnSameDevice(held)) { staging.Dispose(); } // it is read again for the copy
        PlaceOutcome outcome = staging.CanWrite ? await MoveStagingAsync(step, staging).ConfigureAwait(false) : PlaceOutcome.OtherDevice;
        if (outcome == PlaceOutcome.OtherDevice) { outcome = await MoveCopyAsync(step).ConfigureAwait(false); }
        if (outcome == PlaceOutcome.NotPermitted) { await MoveBySudoAsync(step).ConfigureAwait(false); }
        if (outcome == PlaceOutcome.Exists) { return PushResults.Ignored(order); }
        files.FlushFolder(held.PathOf("."));
        await ReachedAsync(PushStage.Placed).ConfigureAwait(false);
        return step.Result;
    }

    private bool OnSameDevice(DestinationFolder held) =>
        files.Look(held.PathOf("."))?.Device is not { } there || files.Look(folder.Path)?.Device is not { } here || here == there;

    private async Task<PlaceOutcome> MoveStagingAsync(Step step, FileStream staging)
    {
        await step.Dressing.ApplyAsync(staging, isStaging: true, bySudo: false).ConfigureAwait(false);
        Flush(staging);
        return await MoveAsync(step, folder.Staging(step.Order.Id)).ConfigureAwait(false);
    }

    private async Task<PlaceOutcome> MoveCopyAsync(Step step)
    {
        string copy = step.Held.PathOf(PushFolder.CopyName(step.Target.Name, step.Order.Id));
        try
        {
            PushFolder.Delete(copy); // of an earlier try
            using (FileStream to = files.OpenPrivate(copy, FileMode.CreateNew))
            {
                using FileStream from = files.OpenPrivate(folder.Staging(step.Order.Id), FileMode.Open);
                FileContent.Copy(files, from.SafeFileHandle, to.SafeFileHandle, step.Size, step.Run.Stop);
                if (!await step.Dressing.ApplyAsync(to, isStaging: false, bySudo: false).ConfigureAwait(false)) { return PlaceOutcome.NotPermitted; }
                Flush(to);
            }

            return await MoveAsync(step, copy).ConfigureAwait(false);
        }
        catch (UnauthorizedAccessException)
        {
            return PlaceOutcome.NotPermitted;
        }
        catch (IOException e)
        {
            throw PushFailedException.From($"cannot write into {step.Target.Folder}", e);
        }
        finally
        {
            PushFolder.Delete(copy); // moved away when all went well
        }
    }

    private async Task MoveBySudoAsync(Step step)
    {
        if (sudo is null || !sudo.IsOfUse) { throw new PushFailedException($"cannot place the file in {step.Target.Folder}: permission denied"); }
        string from = folder.Staging(step.Order.Id);
        if (!step.Dressing.GivenAway)
        {
            using FileStream staging = files.OpenPrivate(from, FileMode.Open);
            await step.Dressing.ApplyAsync(staging, isStaging: true, bySudo: true).ConfigureAwait(false);
            Flush(staging);
        }

        await IntendAsync(step, from).ConfigureAwait(false);
        if (await sudo.MoveAsync(from, step.Target.Text, CancellationToken.None).ConfigureAwait(false) is { } problem) { throw new PushFailedException(problem); }
    }

    private async Task<PlaceOutcome> MoveAsync(Step step, string from)
    {
        await IntendAsync(step, from).ConfigureAwait(false);
        return files.Move(from, step.To, step.Replace);
    }

    private async Task IntendAsync(Step step, string from)
    {
        step.Run.Stop.ThrowIfCancellationRequested();
        if (!step.Run.TryBeginPlacing()) { throw new OperationCanceledException(); }
        step.Result = PushResults.Placed(step.Order, step.Size, step.Dressing.Notes);
        if (!step.Run.Once)
        {
            string lasting = Path.Join(from == folder.Staging(step.Order.Id) ? folder.Path : step.Target.Folder.Text, Path.GetFileName(from));
            journal.Write(new JournalEntry
            {
                Order = step.Order,
                Stage = JournalStage.Placing,
                Target = step.Target.Text,
                From = lasting,
                Replaces = step.Replace,
                Result = step.Result,
            });
        }

        await ReachedAsync(PushStage.Intended).ConfigureAwait(false);
    }

    private static void Flush(FileStream file)
    {
        try
        {
            RandomAccess.FlushToDisk(file.SafeFileHandle);
            file.Dispose(); // Windows moves no open file
        }
        catch (IOException e)
        {
            throw PushFailedException.From("cannot write the file to disk", e);
        }
    }

    private Task ReachedAsync(PushStage stage) => settings.Reached?.Invoke(stage) ?? Task.CompletedTask;

    /// <summary>What the steps of one placement share.</summary>
    private sealed record Step(PushRun Run, FilePath Target, DestinationFolder Held, string To, bool Replace, long Size, Dressing Dressing)
    {
        public UploadOrder Order => Run.Order;

        public UploadResult Result { get; set; } = new();
    }
}
