using RPort.Protocol;

namespace RPort.Agent.Files;

/// <summary>
/// Gives a file of one push its mode and owner. What the order asks for and cannot be had fails the push, or is a note where the order is lenient; what is
/// merely kept from the old file is a note at most.
/// </summary>
internal sealed class Dressing
{
    private readonly IPlatformFiles _files;
    private readonly Sudo? _sudo;
    private readonly UploadOrder _order;
    private readonly string _staging;
    private readonly FileDress _dress;
    private readonly string? _lasting;

    public Dressing(IPlatformFiles files, Sudo? sudo, UploadOrder order, FileFacts? existing, string staging)
    {
        (_files, _sudo, _order, _staging) = (files, sudo, order, staging);
        try
        {
            _dress = files.Plan(order, existing);
            _lasting = _dress.Note;
        }
        catch (PushFailedException e)
        {
            _lasting = $"chown of {staging} failed: {e.Message}";
            if (order.LenientOwnership != true) { throw new PushFailedException(_lasting, e); }
            _dress = files.Plan(order with { DestinationFileOwner = "", DestinationFileGroup = "" }, existing);
        }

        Notes = _lasting is null ? [] : [_lasting];
    }

    public FileDress Dress => _dress;

    /// <summary>What the result has to say about it.</summary>
    public IReadOnlyList<string> Notes { get; private set; }

    /// <summary>The staging file belongs to its new owner by sudo and may no longer be ours to open.</summary>
    public bool GivenAway { get; private set; }

    /// <summary>False where only sudo can give this file its owner and sudo may be tried, which it may on staging files.</summary>
    /// <param name="file">The file, open.</param>
    /// <param name="isStaging">It is the staging file.</param>
    /// <param name="bySudo">sudo is going to move the file: then it may as well keep its owner by sudo.</param>
    public async Task<bool> ApplyAsync(FileStream file, bool isStaging, bool bySudo)
    {
        DressOutcome outcome = _files.Apply(_dress, file.SafeFileHandle);
        string? ownerProblem = outcome.OwnerProblem;
        if (outcome.OwnerNotPermitted && _sudo is { IsOfUse: true } && (_dress.OwnerAsked || bySudo))
        {
            if (!isStaging) { return false; }
            ownerProblem = await _sudo.ChangeOwnerAsync(_dress.OwnerText, _staging, CancellationToken.None).ConfigureAwait(false);
            GivenAway = ownerProblem is null;
        }

        Notes = _lasting is null ? [] : [_lasting];
        Note(outcome.ModeProblem, _dress.ModeAsked ? "chmod failed" : "file mode was not kept", _dress.ModeAsked);
        Note(ownerProblem, _dress.OwnerAsked ? $"chown of {_staging} failed" : "owner and group were not kept", _dress.OwnerAsked);
        return true;
    }

    private void Note(string? problem, string what, bool asked)
    {
        if (problem is null) { return; }
        string text = $"{what}: {problem}";
        if (asked && _order.LenientOwnership != true) { throw new PushFailedException(text); }
        Notes = [.. Notes, text];
    }
}
