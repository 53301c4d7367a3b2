package dev.freshet.sync.contract;

class MemorySourceTest extends ChangeSourceContract {

  @Override
  WrittenSource source() {
    return new MemorySource();
  }
}
