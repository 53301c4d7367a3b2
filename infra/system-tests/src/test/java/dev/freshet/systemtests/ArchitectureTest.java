package dev.freshet.systemtests;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.freshet.bench.process.ProjectHome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArchitectureTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.freshet");

  @Test
  void packagesHaveNoCycles() {
    slices().matching("dev.freshet.(**)").should().beFreeOfCycles().check(CLASSES);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gateway", "write", "read", "sync"})
  void deployableDependsOnNoOther(String deployable) {
    List<String> others =
        Stream.of("gateway", "write", "read", "sync", "local", "bench", "cluster")
            .filter(other -> !other.equals(deployable))
            .map(other -> "dev.freshet." + other + "..")
            .toList();
    noClasses()
        .that()
        .resideInAPackage("dev.freshet." + deployable + "..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(others.toArray(String[]::new))
        .check(CLASSES);
  }

  @Test
  void protocolKnowsNobody() {
    noClasses()
        .that()
        .resideInAPackage("dev.freshet.protocol..")
        .should()
        .dependOnClassesThat(
            resideInAPackage("dev.freshet..")
                .and(resideInAPackage("dev.freshet.protocol..").negate())
                .or(resideInAnyPackage("org.springframework..", "java.sql..", "org.postgresql..")))
        .check(CLASSES);
  }

  @Test
  void stagesOfTheGatewayAreFreeOfWebFlux() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "dev.freshet.gateway.graphql",
            "dev.freshet.gateway.routing",
            "dev.freshet.gateway.session",
            "dev.freshet.gateway.choice")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("reactor..", "org.springframework.web.server..", "io.netty..")
        .check(CLASSES);
  }

  @Test
  void namesSayWhatAThingIs() {
    assertThat(CLASSES)
        .extracting(type -> type.getSimpleName())
        .noneMatch(name -> name.matches(".*(Impl|Manager|Util|Utils|Helper|Common)"));
  }

  @Test
  void everyPackageSaysWhatItIsForAndIsNullMarked() throws IOException {
    Set<Path> folders = new TreeSet<>();
    for (Path source : mainSources()) {
      folders.add(source.getParent());
    }
    assertThat(folders)
        .allSatisfy(
            folder ->
                assertThat(Files.readString(folder.resolve("package-info.java")))
                    .startsWith("/**")
                    .contains("@NullMarked"));
  }

  @Test
  void filesStayShort() throws IOException {
    List<Long> lines =
        mainSources().stream()
            .map(
                source -> {
                  try (Stream<String> text = Files.lines(source)) {
                    return text.count();
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                })
            .sorted()
            .toList();
    assertThat(lines.getLast()).isLessThanOrEqualTo(450);
    assertThat(lines.get(lines.size() / 2)).isLessThanOrEqualTo(120);
  }

  @Test
  void classesThatArchitectureNamesAreThere() throws IOException {
    Set<String> known =
        CLASSES.stream().map(type -> type.getSimpleName()).collect(Collectors.toSet());
    Matcher links =
        Pattern.compile("\\]\\(([^)]+/([A-Za-z]+)\\.java)\\)")
            .matcher(Files.readString(ProjectHome.path().resolve("ARCHITECTURE.md")));
    int found = 0;
    while (links.find()) {
      found++;
      assertThat(ProjectHome.path().resolve(links.group(1))).exists();
      assertThat(known).contains(links.group(2));
    }
    assertThat(found).isGreaterThan(15);
  }

  private static List<Path> mainSources() throws IOException {
    try (Stream<Path> files = Files.walk(ProjectHome.path())) {
      return files
          .filter(file -> file.toString().contains("/src/main/java/"))
          .filter(file -> file.toString().endsWith(".java"))
          .toList();
    }
  }
}
