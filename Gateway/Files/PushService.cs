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
internal sealed partial class PushService(IPayloadStore store, PushTargets targets, IGrainFactory grains, IOptions<FilesOptions> options, FileMetrics metrics, TimeProvider clock, ILogger<PushService> logger)
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
        if (fresh && await CreateAsync(push)) // 4
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

    /// <summary>Leaves no payload behind when the push could not be created: it may be what fills the disk, and its id would count as taken.</summary>
    private async Task<bool> CreateAsync(UploadRequest push)
    {
        IUploadGrain grain = grains.GetGrain<IUploadGrain>(push.Order.Upload.Value);
        try
        {
            return await grain.CreateAsync(push);
        }
        catch
        {
            await TakeBackAsync(grain, push.Order.Upload);
            throw;
        }
    }

    private async Task TakeBackAsync(IUploadGrain grain, UploadId upload)
    {
        try
        {
            // The write may have landed although its answer did not; only the grain knows.
            if (!await grain.NeedsPayloadAsync())
            {
                await store.DeleteAsync(upload, CancellationToken.None);
            }
        }
        catch (Exception e) // whatever keeps us from it: the sweeper finds the payload, and the caller is to hear of the first failure
        {
            LogLeft(logger, upload, e);
        }
    }

    /// <summary>The id is taken: the same push sent again (its answer got lost) is answered as the first time, another one is refused.</summary>
    private async Task<PushedView> AnswerAgainAsync(UploadRequest push, bool committed, CancellationToken cancellationToken)
    {
        UploadId upload = push.Order.Upload;
        UploadView? earlier = await grains.GetGrain<IUploadGrain>(upload.Value).GetAsync();
        if (earlier is null)
        {
            if (committed)
            {
                await TakeBackAsync(grains.GetGrain<IUploadGrain>(upload.Value), upload); // the earlier push was forgotten between two steps of ours
            }

            // Its file is there and it is not: it is being created at this moment, or a crash came in between and the sweeper is to come.
            throw new ApiFailureException(ApiFailure.Of(StatusCodes.Status503ServiceUnavailable, $"Upload with id=\"{upload}\" is not created yet, please try later"));
        }

        if (committed && !earlier.PayloadKept)
        {
            await store.DeleteAsync(upload, cancellationToken); // the earlier push needs its file no more, so the one there is ours
        }

        bool same = earlier.Request.Order with { Attempt = 0 } == push.Order
            && earlier.Request.CreatedBy == push.CreatedBy
            && earlier.Request.Targets.Select(t => t.Client).ToHashSet().SetEquals(push.Targets.Select(t => t.Client));
        return same ? ViewOf(push) : throw new ApiFailureException(ApiFailure.Conflict($"Upload with id=\"{upload}\" already exists."));
    }

    private static PushedView ViewOf(UploadRequest push) => new(push.Order.Upload.Value, push.Order.Destination, push.Order.Size);

    [LoggerMessage(4060, LogLevel.Warning, "The payload of push {Upload}, which was not created, may be left; the next sweep removes it")]
    private static partial void LogLeft(ILogger logger, UploadId upload, Exception exception);
}
