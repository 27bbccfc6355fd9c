using System.Diagnostics;
using System.Security.Cryptography;

namespace RPort.Load.Figures;

/// <summary>How fast this machine is just now. On a shared one a second of CPU is worth more or less from minute to minute; figures are compared by this.</summary>
internal static class Machine
{
    private static readonly TimeSpan Duration = TimeSpan.FromMilliseconds(300);

    /// <summary>ECDSA signatures on P-256 per second of one thread's time.</summary>
    public static double SignaturesPerSecond()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] hash = new byte[32];
        byte[] signature = new byte[64];
        TimeSpan before = Process.GetCurrentProcess().UserProcessorTime;
        int count = 0;
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < Duration; count++)
        {
            key.SignHash(hash, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }

        return count / (Process.GetCurrentProcess().UserProcessorTime - before).TotalSeconds;
    }
}
