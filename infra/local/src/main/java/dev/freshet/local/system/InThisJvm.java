package dev.freshet.local.system;

/** Runs each part as a Spring context of its own in this JVM. */
final class InThisJvm implements PartRunner {

  private static final String LOOPBACK = "127.0.0.1";

  @Override
  public Running start(PartSpec part) {
    return part.kind().start(part.properties(LOOPBACK))::close;
  }
}
