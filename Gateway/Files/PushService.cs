using System.Collections.Immutable;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Orleans;
using RPort.Gateway.Errors;
using RPort.Gateway.Files.Form;
using RPort.Gateway.Payloads;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Files;

/// <summary>
/// Starts pushes. In this order, so that a crash between any two steps loses nothing that was answered and keeps nothing for ever:
/// the file arrives in the store, unseen (1); everything is checked (2); the file is committed (3); the upload grain is created and durable (4);
/// the caller is answered (5). What a crash between 3 and 4 leaves is the sweeper's.
/// </summary>
internal sealed class PushService(IPayloadStore store, PushTargets targets, IGrainFactory grains, IOptions<FilesOptions> options, FileMetrics metrics, TimeProvider clock)
{
    private readonly FilesOptions _options = options.Value;

    public async Task<PushedView> StartAsync(HttpRequest request, string user, CancellationToken cancellationToken)
    {
        await using PushForm form = await new PushFormReader(store, _options.MaxFilePushSize).ReadAsync(request, cancellationToken); // 1
        DateTimeOffset now = clock.GetUtcNow();
        PushFields fields = PushFields.From(form, _options, now); // 2
        ReceivedFile file = form.File ?? throw new ApiFailureException(ApiFailure.BadRequest("http: no such file", $"the form field \"{PushFormReader.FileField}\" must hold the file"));
        Verify(file, fields.Sha256);
        ImmutableArray<UploadTarget> found = await targets.FindAsync(fields);

        UploadId upload = fields.Id ?? UploadId.New();
        UploadRequest push = Describe(upload, fields, file, found, user, now);
        bool fresh = await file.Payload.CommitAsync(upload, cancellationToken); // 3
        if (fresh && await grains.GetGrain<IUploadGrain>(upload.Value).CreateAsync(push)) // 4
        {
            metrics.Accepted(push.Order.Size, push.Targets.Length);
            return ViewOf(push); // 5
        }

        return await AnswerAgainAsync(push, fresh, cancellationToken);
    }

    private static void Verify(ReceivedFile file, byte[]? expected)
    {
        if (expected is not null && !CryptographicOperations.FixedTimeEquals(expected, file.Sha256))
        {
            throw new ApiFailureException(ApiFailure.BadRequest("sha256 check failed", $"the file that arrived has {Convert.ToHexStringLower(file.Sha256)}"));
        }
    }

    private UploadRequest Describe(UploadId upload, PushFields fields, ReceivedFile file, ImmutableArray<UploadTarget> found, string user, DateTimeOffset now) => new()
    {
        Order = new PushOrder
        {
            Upload = upload,
            Destination = fields.Destination,
            Mode = fields.Mode,
            Owner = fields.Owner,
            Group = fields.Group,
            Force = fields.Force,
            Sync = fields.Sync,
            Size = file.Size,
            Md5 = Convert.ToBase64String(file.Md5),
            Sha256 = Convert.ToBase64String(file.Sha256),
            LenientOwnership = fields.Lenient,
        },
        Targets = found,
        CreatedBy = user,
        SourceName = file.Name.Length <= 255 ? file.Name : file.Name[..255],
        KeepForOffline = fields.ExpiresAt is not null,
        ExpiresAt = fields.ExpiresAt ?? now + _options.DefaultExpiry,
        MaxConcurrent = fields.MaxConcurrent,
        RetryWindow = _options.RetryWindow,
    };

    /// <summary>The id is taken: the same push sent again (its answer got lost) is answered as the first time, another one is refused.</summary>
    private async Task<PushedView> AnswerAgainAsync(UploadRequest push, bool committed, CancellationToken cancellationToken)
    {
        UploadId upload = push.Order.Upload;
        UploadView? earlier = await grains.GetGrain<IUploadGrain>(upload.Value).GetAsync();
        if (committed && earlier is { PayloadKept: false })
        {
            await store.DeleteAsync(upload, cancellationToken); // the earlier push needs its file no more, so the one there is ours
        }

        bool same = earlier is not null
            && earlier.Request.Order with { Attempt = 0 } == push.Order
            && earlier.Request.CreatedBy == push.CreatedBy
            && earlier.Request.Targets.Select(t => t.Client).ToHashSet().SetEquals(push.Targets.Select(t => t.Client));
        return same ? ViewOf(push) : throw new ApiFailureException(ApiFailure.Conflict($"Upload with id=\"{upload}\" already exists."));
    }

    private static PushedView ViewOf(UploadRequest push) => new(push.Order.Upload.Value, push.Order.Destination, push.Order.Size);
}
