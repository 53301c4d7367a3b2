package dev.freshet.gateway.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.freshet.gateway.session.Sessions.Flaw;
import dev.freshet.gateway.session.Sessions.Presented;
import dev.freshet.protocol.Position;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SessionsTest {

  private static final String SYSTEM = "7412345678901234567";
  private static final String NEW = "new:" + "A".repeat(43) + "=";
  private static final String OLD = "old:" + "B".repeat(43) + "=";
  private static final Position AT = Position.parse("1:2/3026C08");
  private static final Duration LIFETIME = Duration.ofHours(1);
  private static final Instant NOW = Instant.parse("2026-11-01T12:00:00Z");

  @TempDir Path folder;

  private static Sessions sessions(String keys, Instant now) {
    return new Sessions(SessionKeys.ofText(keys), LIFETIME, Clock.fixed(now, ZoneOffset.UTC));
  }

  private static Presented read(Sessions sessions, String... values) {
    return sessions.read(List.of(values), SYSTEM);
  }

  @Test
  void tokenComesBackAsItWasIssued() {
    Sessions sessions = sessions(NEW, NOW);
    String text = sessions.issue(AT, "session-1", SYSTEM);
    assertThat(text).matches("[\\w.-]+");
    assertThat(read(sessions, text))
        .isEqualTo(
            new Presented.Good(
                List.of(
                    new SessionToken(AT, "new", "session-1", SYSTEM, NOW, NOW.plus(LIFETIME)))));
  }

  @Test
  void tokenAgesAtHalfItsLifeToTheNanosecond() {
    SessionToken token = new SessionToken(AT, "new", "session-1", SYSTEM, NOW, NOW.plus(LIFETIME));
    Instant half = NOW.plus(LIFETIME.dividedBy(2));
    assertThat(sessions(NEW, NOW).isAgeing(token)).isFalse();
    assertThat(sessions(NEW, half).isAgeing(token)).isFalse();
    assertThat(sessions(NEW, half.plusNanos(1)).isAgeing(token)).isTrue();
    assertThat(sessions(NEW, NOW.plus(LIFETIME)).isAgeing(token)).isTrue();
  }

  @Test
  void tokensSortAsStringsInTheOrderOfTheirPositions() {
    Sessions sessions = sessions(NEW, NOW);
    List<String> tokens =
        Arrays.asList("1:0/FFFFFFFF", "1:1/0", "2:0/1").stream()
            .map(position -> sessions.issue(Position.parse(position), null, SYSTEM))
            .toList();
    assertThat(tokens).isSorted();
  }

  @Test
  void anyOtherCharacterMakesATokenBad() {
    Sessions sessions = sessions(NEW, NOW);
    String text = sessions.issue(AT, "session-1", SYSTEM);
    for (int i = 0; i < text.length(); i++) {
      char other = text.charAt(i) == '1' ? '2' : '1';
      String changed = text.substring(0, i) + other + text.substring(i + 1);
      // The last character of base64 holds bits of which only some count.
      if (i < text.length() - 1) {
        assertThat(read(sessions, changed))
            .as(changed)
            .isInstanceOfAny(Presented.Bad.class, Presented.Unreliable.class);
      }
    }
    assertThat(read(sessions, text.replaceFirst("^0000000100", "0000000101")))
        .isEqualTo(new Presented.Bad(Flaw.TAMPERED));
    assertThat(read(sessions, "x")).isEqualTo(new Presented.Bad(Flaw.MALFORMED));
    assertThat(read(sessions, text, "x")).isEqualTo(new Presented.Bad(Flaw.MALFORMED));
  }

  @Test
  void whatHasNotTheFormOfATokenIsMalformed() {
    Sessions sessions = sessions(NEW, NOW);
    String text = sessions.issue(AT, "session-1", SYSTEM);
    String farthest = Long.toString(Long.MAX_VALUE, 36);
    for (String other :
        List.of(
            text + "x",
            text + ".x",
            text.substring(1),
            "0" + text,
            text.substring(0, text.length() - 1),
            text.replace(".", ""),
            text.replaceFirst("^.", "G"),
            text.replaceFirst("^00000001", "00000000"),
            text.replaceFirst("\\.1\\.", ".2."),
            text.replaceFirst("\\.1\\.", ".1.."),
            text.replaceFirst("session-1\\.[0-9a-f]+", "session-1.123456789abcdef01"),
            text.replaceFirst("\\.[0-9a-z]+(\\.[\\w-]{43})$", "." + farthest + "$1"),
            text.replaceFirst("\\.[0-9a-z]+(\\.[\\w-]{43})$", ".%$1"))) {
      assertThat(read(sessions, other)).as(other).isEqualTo(new Presented.Bad(Flaw.MALFORMED));
    }
  }

  @Test
  void tokenOfAnotherSystemIsForeignWhereBothAreKnown() {
    Sessions sessions = sessions(NEW, NOW);
    assertThat(read(sessions, sessions.issue(AT, null, "17")))
        .isEqualTo(new Presented.Bad(Flaw.FOREIGN));
    assertThat(read(sessions, sessions.issue(AT, null, null))).isInstanceOf(Presented.Good.class);
    assertThat(sessions.read(List.of(sessions.issue(AT, null, "17")), null))
        .isInstanceOf(Presented.Good.class);
  }

  @Test
  void oldKeyIsAcceptedUntilItIsTakenAway() {
    String text = sessions(OLD, NOW).issue(AT, null, SYSTEM);
    assertThat(read(sessions(NEW + "," + OLD, NOW), text)).isInstanceOf(Presented.Good.class);
    assertThat(read(sessions(NEW, NOW), text))
        .isEqualTo(new Presented.Unreliable(Flaw.UNKNOWN_KEY));
  }

  @Test
  void expiredTokenIsUnreliableAndSpoilsTheOthers() {
    String text = sessions(NEW, NOW).issue(AT, null, SYSTEM);
    Sessions later = sessions(NEW, NOW.plus(LIFETIME).plusSeconds(1));
    assertThat(read(later, later.issue(AT, null, SYSTEM) + ", " + text))
        .isEqualTo(new Presented.Unreliable(Flaw.EXPIRED));
  }

  @Test
  void severalTokensInSeveralHeadersAreAllRead() {
    Sessions sessions = sessions(NEW, NOW);
    String one = sessions.issue(AT, "a", SYSTEM);
    String other = sessions.issue(Position.parse("1:0/1"), "b", SYSTEM);
    assertThat(read(sessions, one + ",," + other, " " + one))
        .isInstanceOfSatisfying(Presented.Good.class, good -> assertThat(good.tokens()).hasSize(3));
    assertThat(read(sessions, "", " , ")).isEqualTo(new Presented.Nothing());
  }

  @Test
  void keyIsMadeOnceForItsOwnerAlone() throws Exception {
    Path file = folder.resolve("data/session-keys");
    SessionKeys made = SessionKeys.madeIn(file);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    String key = Files.readString(file);
    assertThat(SessionKeys.madeIn(file).current().sign("x")).isEqualTo(made.current().sign("x"));
    assertThat(Files.readString(file)).isEqualTo(key);
  }

  @Test
  void fileThatChangesIsReadAgainAndOneThatIsBrokenLeavesTheKeys() throws Exception {
    Path file = Files.writeString(folder.resolve("keys"), "# ours\n" + OLD + "\n");
    SessionKeys keys = SessionKeys.ofFile(file);
    assertThat(keys.current().id()).isEqualTo("old");
    Files.writeString(file, NEW + "\n" + OLD + "\n");
    Files.setLastModifiedTime(file, FileTime.from(NOW));
    await().until(() -> keys.current().id().equals("new"));
    assertThat(keys.key("old")).isPresent();
    Files.writeString(file, "nonsense");
    Files.setLastModifiedTime(file, FileTime.from(NOW.plusSeconds(1)));
    Files.writeString(folder.resolve("good"), NEW);
    Files.setLastModifiedTime(folder.resolve("good"), FileTime.from(NOW.plusSeconds(2)));
    assertThat(keys.current().id()).isEqualTo("new");
    Files.move(folder.resolve("good"), file, StandardCopyOption.REPLACE_EXISTING);
    await().until(() -> keys.key("old").isEmpty());
    assertThat(keys.current().id()).isEqualTo("new");
  }

  @Test
  void keysThatAreNoneAreRefusedWithoutRepeatingThem() {
    assertThatThrownBy(() -> SessionKeys.ofText("secret-without-id"))
        .hasMessageContaining("ID:BASE64")
        .hasMessageNotContaining("secret");
    assertThatThrownBy(() -> SessionKeys.ofText("short:AAAA")).hasMessageContaining("3 bytes");
    assertThatThrownBy(() -> SessionKeys.ofText("# nothing"))
        .hasMessageContaining("no session key");
    assertThatThrownBy(() -> SessionKeys.ofFile(folder.resolve("nowhere")))
        .hasMessageContaining("can't be read");
  }
}
