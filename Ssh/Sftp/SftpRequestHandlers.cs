namespace RPort.Ssh.Sftp;

/// <summary>Answers requests out of a file source. Writes exactly one packet per request, whatever happens.</summary>
internal sealed class SftpRequestHandlers(ISftpFileSource files, SftpHandleTable handles, SftpServerOptions options)
{
    private const int StatusBytes = 64;

    /// <summary>Room an answer may take, as far as it can be told before it is made.</summary>
    public int AnswerBytes(in SftpRequest request) =>
        request.Type == SftpPacketType.Read ? SftpWire.DataHeaderBytes + ReadBytes(request) + StatusBytes : StatusBytes + (3 * request.Name.Length);

    /// <summary>Answers one request.</summary>
    public async ValueTask AnswerAsync(SftpRequest request, SftpWriter answer, CancellationToken cancellationToken)
    {
        if (request.IsMalformed)
        {
            WriteStatus(answer, request.Id, SftpStatus.BadMessage, "The request is malformed.");
            return;
        }

        int before = answer.Length;
        try
        {
            await DispatchAsync(request, answer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            answer.Truncate(before);
            WriteStatus(answer, request.Id, StatusOf(e));
        }
    }

    private static SftpStatus StatusOf(Exception e) => e switch
    {
        UnauthorizedAccessException => SftpStatus.PermissionDenied,
        FileNotFoundException or DirectoryNotFoundException => SftpStatus.NoSuchFile,
        _ => SftpStatus.Failure,
    };

    private static string TextOf(SftpStatus status) => status switch
    {
        SftpStatus.Ok => "Success",
        SftpStatus.EndOfFile => "End of file",
        SftpStatus.NoSuchFile => "No such file",
        SftpStatus.PermissionDenied => "Permission denied",
        SftpStatus.OperationUnsupported => "Operation unsupported",
        _ => "Failure",
    };

    private static void WriteStatus(SftpWriter answer, uint id, SftpStatus status, string? text = null)
    {
        answer.Begin(SftpPacketType.Status, id);
        answer.UInt32((uint)status);
        answer.String(text ?? TextOf(status));
        answer.String("");
        answer.End();
    }

    private static void WriteAttributes(SftpWriter answer, uint id, SftpAttributes? attributes)
    {
        if (attributes is null)
        {
            WriteStatus(answer, id, SftpStatus.NoSuchFile);
            return;
        }

        answer.Begin(SftpPacketType.Attributes, id);
        answer.Attributes(attributes);
        answer.End();
    }

    private ValueTask DispatchAsync(SftpRequest request, SftpWriter answer, CancellationToken cancellationToken)
    {
        switch (request.Type)
        {
            case SftpPacketType.Read:
                return ReadAsync(request, answer, cancellationToken);
            case SftpPacketType.Open:
                return OpenAsync(request, answer, cancellationToken);
            case SftpPacketType.Close:
                return CloseAsync(request, answer);
            case SftpPacketType.Stat or SftpPacketType.LStat:
                return StatAsync(request, answer, cancellationToken);
            case SftpPacketType.RealPath:
                return RealPathAsync(request, answer, cancellationToken);
            case SftpPacketType.FStat when handles.TryGet(request.Handle, out ISftpFile? file):
                WriteAttributes(answer, request.Id, file.Attributes);
                return default;
            case SftpPacketType.FStat:
                WriteStatus(answer, request.Id, SftpStatus.Failure, "No such handle");
                return default;
            case SftpPacketType.Extended when request.Name == SftpWire.LimitsExtension:
                WriteLimits(answer, request.Id);
                return default;
            case SftpPacketType.Init:
                throw new SftpException(SftpStatus.BadMessage, "A second INIT.");
            default:
                WriteStatus(answer, request.Id, RefusalOf(request.Type));
                return default;
        }
    }

    private static SftpStatus RefusalOf(SftpPacketType type) => type switch
    {
        SftpPacketType.Write or SftpPacketType.SetStat or SftpPacketType.FSetStat or SftpPacketType.Remove or SftpPacketType.MakeDirectory
            or SftpPacketType.RemoveDirectory or SftpPacketType.Rename or SftpPacketType.SymbolicLink => SftpStatus.PermissionDenied,
        _ => SftpStatus.OperationUnsupported,
    };

    private async ValueTask OpenAsync(SftpRequest request, SftpWriter answer, CancellationToken cancellationToken)
    {
        if (request.Flags != SftpOpenFlags.Read)
        {
            WriteStatus(answer, request.Id, SftpStatus.PermissionDenied);
            return;
        }

        if (handles.IsFull)
        {
            WriteStatus(answer, request.Id, SftpStatus.Failure, "Too many open files");
            return;
        }

        if (await files.OpenAsync(request.Name, cancellationToken).ConfigureAwait(false) is not { } file)
        {
            WriteStatus(answer, request.Id, SftpStatus.NoSuchFile);
            return;
        }

        answer.Begin(SftpPacketType.Handle, request.Id);
        answer.UInt32(sizeof(uint)); // a handle is a string; ours holds its number
        answer.UInt32(handles.Add(file));
        answer.End();
    }

    private async ValueTask ReadAsync(SftpRequest request, SftpWriter answer, CancellationToken cancellationToken)
    {
        if (!handles.TryGet(request.Handle, out ISftpFile? file))
        {
            WriteStatus(answer, request.Id, SftpStatus.Failure, "No such handle");
            return;
        }

        answer.Begin(SftpPacketType.Data, request.Id);
        int wanted = ReadBytes(request);
        Memory<byte> data = answer.Reserve(sizeof(uint) + wanted)[sizeof(uint)..];
        int read = request.Offset > long.MaxValue ? 0 : await file.ReadAsync((long)request.Offset, data, cancellationToken).ConfigureAwait(false);
        if (read == 0)
        {
            answer.Undo();
            WriteStatus(answer, request.Id, SftpStatus.EndOfFile);
            return;
        }

        answer.UInt32((uint)read);
        answer.Advance(read);
        answer.End();
    }

    private async ValueTask CloseAsync(SftpRequest request, SftpWriter answer)
    {
        if (!handles.TryRemove(request.Handle, out ISftpFile? file))
        {
            WriteStatus(answer, request.Id, SftpStatus.Failure, "No such handle");
            return;
        }

        await file.DisposeAsync().ConfigureAwait(false);
        WriteStatus(answer, request.Id, SftpStatus.Ok);
    }

    private async ValueTask StatAsync(SftpRequest request, SftpWriter answer, CancellationToken cancellationToken) =>
        WriteAttributes(answer, request.Id, await files.StatAsync(request.Name, cancellationToken).ConfigureAwait(false));

    private async ValueTask RealPathAsync(SftpRequest request, SftpWriter answer, CancellationToken cancellationToken)
    {
        string path = await files.RealPathAsync(request.Name, cancellationToken).ConfigureAwait(false);
        answer.Begin(SftpPacketType.Name, request.Id);
        answer.UInt32(1);
        answer.String(path);
        answer.String(path); // the "long name" of a listing; nobody reads it here
        answer.UInt32(0); // no attributes
        answer.End();
    }

    private void WriteLimits(SftpWriter answer, uint id)
    {
        answer.Begin(SftpPacketType.ExtendedReply, id);
        answer.UInt64((ulong)options.MaxRequestBytes);
        answer.UInt64((ulong)options.MaxReadBytes);
        answer.UInt64(0); // writes: not said, as there are none
        answer.UInt64((ulong)options.MaxHandles);
        answer.End();
    }

    private int ReadBytes(in SftpRequest request) => (int)Math.Min(request.Count, (uint)options.MaxReadBytes);
}
