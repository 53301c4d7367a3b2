package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.core.io.ClassPathResource;

class VendoredTest {

  @Test
  void filesAreThoseThatWereReleased() throws IOException, NoSuchAlgorithmException {
    List<String> sums = text("SHA256SUMS").lines().toList();
    assertThat(sums).hasSize(3);
    for (String line : sums) {
      String file = line.substring(line.indexOf("  ") + 2);
      byte[] sum = MessageDigest.getInstance("SHA-256").digest(file(file));
      assertThat(line).as(file).startsWith(HexFormat.of().formatHex(sum) + "  ");
    }
    assertThat(text("uplot/LICENSE")).contains("MIT License");
    assertThat(text("htm/LICENSE")).contains("Apache License");
    assertThat(text("htm/LICENSE-preact")).contains("MIT License");
  }

  private static String text(String name) throws IOException {
    return new String(file(name), StandardCharsets.UTF_8);
  }

  private static byte[] file(String name) throws IOException {
    return new ClassPathResource("console/vendor/" + name).getContentAsByteArray();
  }
}
