using System.IO.Pipelines;

namespace RPort.Ssh.Tests.Sftp;

/// <summary>Two ends of one duplex byte stream in memory. Each direction holds up to 64 KiB and then makes its writer wait.</summary>
internal static class StreamPair
{
    public static (DuplexStream Client, DuplexStream Server) Create()
    {
        var toServer = new Pipe(new PipeOptions(pauseWriterThreshold: 64 * 1024, resumeWriterThreshold: 32 * 1024, useSynchronizationContext: false));
        var toClient = new Pipe(new PipeOptions(pauseWriterThreshold: 64 * 1024, resumeWriterThreshold: 32 * 1024, useSynchronizationContext: false));
        return (new DuplexStream(toClient.Reader.AsStream(), toServer.Writer), new DuplexStream(toServer.Reader.AsStream(), toClient.Writer));
    }
}
