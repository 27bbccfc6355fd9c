using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using RPort.Gateway.Errors;
using RPort.Gateway.Payloads;

namespace RPort.Gateway.Files.Form;

/// <summary>
/// Reads the form of a push from the request as it arrives. The file goes straight into the payload store while it is hashed: it is never
/// held in memory and written once. Fields may come before or after it.
/// </summary>
internal sealed class PushFormReader(IPayloadStore store, long maxFileBytes)
{
    public const string FileField = "upload";

    /// <summary>One write and one hashing step; large enough that the calls do not count, small enough for many uploads at a time.</summary>
    private const int BlockBytes = 256 * 1024;
    private const int MaxFieldBytes = 64 * 1024;

    /// <summary>Text fields in all: some ten thousand client ids with room to spare.</summary>
    private const int MaxFieldsBytes = 8 * 1024 * 1024;

    private readonly PushForm _form = new();
    private int _fieldBytes;

    /// <summary>The form. The caller owns it. Throws <see cref="ApiFailureException"/> and <see cref="PayloadStoreUnavailableException"/>, and has then kept nothing.</summary>
    public async Task<PushForm> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var reader = new MultipartReader(BoundaryOf(request), request.Body, BlockBytes);
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null; // counted below; the server's own limit would cut the connection under the answer
        }

        if (request.ContentLength > maxFileBytes + MaxFieldsBytes)
        {
            throw TooLarge(); // before a byte is read: a client that asked for leave to send gets the answer instead
        }

        try
        {
            while (await reader.ReadNextSectionAsync(cancellationToken) is { } section)
            {
                await ReadSectionAsync(section, cancellationToken);
            }

            return _form;
        }
        catch (Exception e) when (e is InvalidDataException or IOException and not BadHttpRequestException)
        {
            await _form.DisposeAsync();
            string what = e is InvalidDataException ? e.Message : "the body ends before its closing boundary";
            throw new ApiFailureException(ApiFailure.BadRequest("malformed multipart body", what));
        }
        catch
        {
            await _form.DisposeAsync();
            throw;
        }
    }

    private static string BoundaryOf(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
            || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
        {
            throw new ApiFailureException(ApiFailure.Of(StatusCodes.Status415UnsupportedMediaType, "unsupported media type", "the body must be multipart/form-data"));
        }

        string? boundary = HeaderUtilities.RemoveQuotes(type.Boundary).Value;
        return boundary is { Length: > 0 and <= 200 }
            ? boundary
            : throw new ApiFailureException(ApiFailure.BadRequest("malformed multipart body", "the boundary is missing or too long"));
    }

    private async Task ReadSectionAsync(MultipartSection section, CancellationToken cancellationToken)
    {
        if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out ContentDispositionHeaderValue? disposition) || !disposition.DispositionType.Equals("form-data", StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        string name = HeaderUtilities.RemoveQuotes(disposition.Name).Value ?? "";
        string? fileName = (disposition.FileNameStar.HasValue ? disposition.FileNameStar : HeaderUtilities.RemoveQuotes(disposition.FileName)).Value;
        if (name == FileField && fileName is not null)
        {
            await ReadFileAsync(section.Body, fileName, cancellationToken);
        }
        else if (fileName is null)
        {
            _form.Add(name, await ReadTextAsync(section.Body, name, cancellationToken));
        }
    }

    private async Task<string> ReadTextAsync(Stream body, string name, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(MaxFieldBytes + 1);
        try
        {
            int length = await body.ReadAtLeastAsync(buffer.AsMemory(0, MaxFieldBytes + 1), MaxFieldBytes + 1, throwOnEndOfStream: false, cancellationToken);
            _fieldBytes += length + name.Length;
            return length > MaxFieldBytes || _fieldBytes > MaxFieldsBytes
                ? throw new ApiFailureException(ApiFailure.Of(StatusCodes.Status413PayloadTooLarge, "form field too large", $"field \"{name}\""))
                : Encoding.UTF8.GetString(buffer, 0, length);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task ReadFileAsync(Stream body, string fileName, CancellationToken cancellationToken)
    {
        if (_form.File is not null)
        {
            throw new ApiFailureException(ApiFailure.BadRequest("more than one file", $"the field \"{FileField}\" must be given once"));
        }

        if (fileName.Length == 0)
        {
            throw new ApiFailureException(ApiFailure.BadRequest("empty source file name"));
        }

        IPayloadWriter payload = await store.CreateAsync(cancellationToken);
        try
        {
            _form.File = await StoreAsync(body, fileName, payload, cancellationToken);
        }
        catch
        {
            await payload.DisposeAsync();
            throw;
        }
    }

    private async Task<ReceivedFile> StoreAsync(Stream body, string fileName, IPayloadWriter payload, CancellationToken cancellationToken)
    {
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            long size = 0;
            while (await body.ReadAtLeastAsync(block.AsMemory(0, BlockBytes), BlockBytes, throwOnEndOfStream: false, cancellationToken) is int read and > 0)
            {
                size += read;
                if (size > maxFileBytes)
                {
                    throw TooLarge();
                }

                Task writing = payload.WriteAsync(block.AsMemory(0, read), cancellationToken).AsTask();
                md5.AppendData(block, 0, read); // while the bytes are written
                sha256.AppendData(block, 0, read);
                await writing;
            }

            return new ReceivedFile(payload, fileName, size, md5.GetHashAndReset(), sha256.GetHashAndReset());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    private ApiFailureException TooLarge() =>
        new(ApiFailure.Of(StatusCodes.Status413PayloadTooLarge, "file too large", $"the largest file that can be pushed has {maxFileBytes} bytes"));
}
