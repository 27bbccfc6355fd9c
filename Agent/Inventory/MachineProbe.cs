using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace RPort.Agent.Inventory;

/// <summary>Looks at the machine the agent runs on.</summary>
internal sealed class MachineProbe(TimeProvider clock)
{
    private static readonly TimeSpan CommandWait = TimeSpan.FromSeconds(5);

    /// <summary>What can be known in milliseconds: no command is run.</summary>
    public MachineFacts ReadQuick()
    {
        (List<string> v4, List<string> v6) = Addresses();
        MachineFacts facts = new()
        {
            Hostname = Dns.GetHostName(), // whole: Environment.MachineName ends at the first dot
            Os = RuntimeInformation.OSDescription,
            OsFullName = RuntimeInformation.OSDescription,
            OsVersion = Environment.OSVersion.Version.ToString(),
            OsKernel = OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "linux",
            OsFamily = OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "",
            OsArch = RuntimeInformation.OSArchitecture switch
            {
                Architecture.X64 => "amd64",
                Architecture.X86 => "386",
                Architecture architecture => architecture.ToString().ToLowerInvariant(),
            },
            Cpus = Environment.ProcessorCount,
            CpuModelName = OperatingSystem.IsWindows() ? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? "" : "",
            MemoryTotal = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            Timezone = TimezoneText(TimeZoneInfo.Local, clock.GetUtcNow()),
            IPv4 = v4,
            IPv6 = v6,
        };
        return OperatingSystem.IsLinux() ? new LinuxFacts("/").AddTo(facts) : facts;
    }

    /// <summary>The facts with what only commands can tell. Each has a deadline; what fails is left as it was.</summary>
    public async Task<MachineFacts> AddSlowAsync(MachineFacts facts, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsLinux() && facts.Virtualization == Virtualization.None)
        {
            string found = await RunAsync("systemd-detect-virt", [], cancellationToken).ConfigureAwait(false);
            return found is "" or "none" ? facts : facts with { Virtualization = new(found, "guest") };
        }

        if (OperatingSystem.IsMacOS())
        {
            string version = await RunAsync("/usr/bin/sw_vers", ["-productVersion"], cancellationToken).ConfigureAwait(false);
            string brand = await RunAsync("/usr/sbin/sysctl", ["-n", "machdep.cpu.brand_string"], cancellationToken).ConfigureAwait(false);
            return facts with
            {
                OsVersion = version.Length > 0 ? version : facts.OsVersion,
                OsFullName = version.Length > 0 ? $"macOS {version}" : facts.OsFullName,
                CpuModelName = brand,
            };
        }

        return facts;
    }

    /// <summary>The operating system's own id of the machine; empty where it has none that can be read.</summary>
    public static string SystemId() => OperatingSystem.IsWindows()
        ? Microsoft.Win32.Registry.GetValue(@"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Cryptography", "MachineGuid", "") as string ?? ""
        : OperatingSystem.IsLinux() ? new LinuxFacts("/").MachineId() : "";

    /// <summary>The zone's present short name and its distance from UTC.</summary>
    public static string TimezoneText(TimeZoneInfo zone, DateTimeOffset now)
    {
        TimeSpan offset = zone.GetUtcOffset(now);
        string name = zone.IsDaylightSavingTime(now) ? zone.DaylightName : zone.StandardName;
        name = name == TimeZoneInfo.Utc.StandardName ? "UTC" : name; // .NET writes this one name out
        string sign = offset < TimeSpan.Zero ? "-" : "+";
        return string.Create(CultureInfo.InvariantCulture, $"{name} (UTC{sign}{offset:hh\\:mm})");
    }

    private static (List<string> V4, List<string> V6) Addresses()
    {
        List<string> v4 = [];
        List<string> v6 = [];
        try
        {
            foreach (UnicastIPAddressInformation address in NetworkInterface.GetAllNetworkInterfaces()
                .Where(one => one.NetworkInterfaceType != NetworkInterfaceType.Loopback && one.OperationalStatus != OperationalStatus.Down)
                .SelectMany(one => one.GetIPProperties().UnicastAddresses))
            {
                if (address.Address.AddressFamily == AddressFamily.InterNetwork)
                {
                    v4.Add(address.Address.ToString());
                }
                else if (address.Address.AddressFamily == AddressFamily.InterNetworkV6)
                {
                    v6.Add(address.Address.ToString().Split('%')[0]); // without the scope: it means nothing elsewhere
                }
            }
        }
        catch (NetworkInformationException)
        {
            // An inventory without addresses is still one.
        }

        return (v4, v6);
    }

    private static async Task<string> RunAsync(string command, string[] arguments, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(CommandWait);
        try
        {
            using Process? process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true });
            if (process is null)
            {
                return "";
            }

            try
            {
                // These commands print one line: what they could block on is read to its end here.
                string output = await process.StandardOutput.ReadToEndAsync(deadline.Token).ConfigureAwait(false);
                await process.WaitForExitAsync(deadline.Token).ConfigureAwait(false);
                return output.Trim();
            }
            catch (OperationCanceledException)
            {
                process.Kill();
                return "";
            }
        }
        catch (Exception error) when (error is System.ComponentModel.Win32Exception or InvalidOperationException or IOException)
        {
            return ""; // not installed, or gone again
        }
    }
}
