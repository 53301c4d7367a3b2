package dev.freshet.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SearchAddressTest {

  @TempDir Path folder;

  @Test
  void nodesAreReadAndCredentialsAreNotTold() throws Exception {
    SearchAddress address =
        SearchAddress.parse("https://a:9200, https://b:9201/")
            .withCredentials(
                Files.writeString(folder.resolve("credentials"), "user:secret\nmore\n"));
    assertThat(address.nodes())
        .containsExactly(URI.create("https://a:9200"), URI.create("https://b:9201/"));
    assertThat(address.credentials()).isEqualTo("user:secret");
    assertThat(address.toString()).doesNotContain("secret");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "search",
        "search:9200",
        "http://search",
        "ftp://search:9200",
        "http://user:secret@search:9200",
        "http://search:9200/index",
        "http://a:1,",
        "http://a b:1",
      })
  void whatIsNoAddressIsRefused(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SearchAddress.parse(text))
        .withMessageContaining("is not the address of a search store, as http://127.0.0.1:9200 is");
  }

  @Test
  void filesThatCantBeReadAreRefused() throws Exception {
    SearchAddress address = SearchAddress.parse("http://a:1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> address.withCredentials(folder.resolve("none")))
        .withMessageContaining("can't be read");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> address.withCredentials(Files.writeString(folder.resolve("x"), "no colon")))
        .withMessageContaining("USER:PASSWORD");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> address.withAuthority(folder.resolve("none")));
  }
}
