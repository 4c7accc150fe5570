using System.Security.Cryptography.X509Certificates;

namespace TokenLedger.Autoscaler.Actuators;

/// <summary>An authority of one's own, by the file of its certificates.</summary>
internal static class Authority
{
    /// <summary>True when one of the file's certificates, and nobody else, vouches for a certificate.</summary>
    public static bool Signed(X509Certificate2 certificate, string file)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        // A cluster's authority publishes no list of what it revoked.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.ImportFromPemFile(file);
        return chain.Build(certificate);
    }
}
