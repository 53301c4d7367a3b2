package dev.freshet.gateway;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** An authority of the test's own, and certificates that it gave out. */
final class TestCertificates {

  private static final char[] NO_PASSWORD = {};

  private final X509Bundle authority;

  TestCertificates(String name) {
    try {
      this.authority =
          new CertificateBuilder()
              .ecp256()
              .subject("CN=" + name)
              .setIsCertificateAuthority(true)
              .buildSelfSigned();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** A certificate with its key, for servers on 127.0.0.1 and for clients. */
  X509Bundle give(String name) {
    return give(name, "127.0.0.1");
  }

  X509Bundle give(String name, String address) {
    try {
      return new CertificateBuilder()
          .ecp256()
          .subject("CN=" + name)
          .addSanIpAddress(address)
          .buildIssuedBy(authority);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** The authority's own certificate, as a file. */
  Path authority(Path folder, String file) throws Exception {
    return Files.writeString(folder.resolve(file), authority.getCertificatePEM());
  }

  /** Writes {@code NAME.pem} and {@code NAME-key.pem}. */
  static void write(X509Bundle bundle, Path folder, String name) throws Exception {
    Files.writeString(folder.resolve(name + ".pem"), bundle.getCertificatePathPEM());
    Files.writeString(folder.resolve(name + "-key.pem"), bundle.getPrivateKeyPEM());
  }

  /** TLS of a client that trusts this authority. */
  SSLContext client(@Nullable X509Bundle shown) throws GeneralSecurityException {
    KeyManager[] keys = null;
    if (shown != null) {
      KeyStore store = shown.toKeyStore(NO_PASSWORD);
      KeyManagerFactory factory =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      factory.init(store, NO_PASSWORD);
      keys = factory.getKeyManagers();
    }
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys, new TrustManager[] {authority.toTrustManager()}, null);
    return context;
  }

  /** What a server goes by that takes clients of this authority. */
  TrustManagerFactory trust() {
    return authority.toTrustManagerFactory();
  }
}
