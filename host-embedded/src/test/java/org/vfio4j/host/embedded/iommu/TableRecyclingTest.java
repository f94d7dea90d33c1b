// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.vfio4j.host.embedded.iommu.PagingSetup.HUGE;
import static org.vfio4j.host.embedded.iommu.PagingSetup.LARGE;
import static org.vfio4j.host.embedded.iommu.PagingSetup.PAGE;
import static org.vfio4j.host.embedded.iommu.PagingSetup.RW;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.testing.fixture.CopiedMemory;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Table memory goes from a freed domain to the next, empty, and to nobody before. */
class TableRecyclingTest {
    /** Aligned to 1 GiB. */
    private static final long PHYS = 5L << 40;

    /** Tables that a unit lends to one domain at most. */
    private static final int LENT_TABLES = 256;

    /** Checks that everything the unit keeps is zero. */
    static void assertKeptIsZero(TableMemory memory) {
        List<MemorySegment> chunks = new ArrayList<>();
        var zeros = MemorySegment.ofArray(new byte[TableMemory.CHUNK_BYTES]);
        for (int kept = memory.kept(); kept > 0; kept--) {
            MemorySegment chunk = Objects.requireNonNull(memory.lend(), "a kept chunk was not lent");
            assertThat(chunk.mismatch(zeros))
                    .as("first byte of a kept chunk that is not zero")
                    .isEqualTo(-1);
            chunks.add(chunk);
        }
        chunks.forEach(memory::giveBack);
    }

    private static void assertEmpty(IommuDomain domain) {
        domain.forEachRun(0, Long.MAX_VALUE, (iova, phys, length) -> {
            throw new AssertionError("a new domain maps 0x" + Long.toHexString(iova));
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldGiveTheNextDomainEmptyTables(boolean dirtyTracking) {
        try (var setup = new PagingSetup()) {
            TableMemory memory = setup.unit.tableMemory();
            var random = new SplittableRandom(7);
            for (int round = 0; round < 20; round++) {
                IommuDomain domain = setup.group.allocateDomain(dirtyTracking);
                assertEmpty(domain);
                for (int i = 0; i < 40; i++) {
                    // All sizes, whole tables of small pages, and tables that were cut off; all of it left when the
                    // domain goes.
                    long iova = i * HUGE + random.nextLong(HUGE) & -PAGE;
                    domain.map(iova, PHYS + PAGE, LARGE + random.nextLong(LARGE) & -PAGE, RW);
                    domain.map(((1L << 40) + i * HUGE), PHYS, i % 2 == 0 ? HUGE : LARGE, RW);
                    if (random.nextBoolean()) {
                        domain.unmap(iova, LARGE);
                    }
                }
                domain.free();
                assertKeptIsZero(memory);
            }
            assertThat(memory.lent()).as("chunks of the domain that stays").isEqualTo(1);
        }
    }

    /** The flags a device sets, and the marks that say where, belong to a domain too. */
    @Test
    void shouldForgetWhatDevicesDidInTheDomainBefore() {
        try (var setup = new PagingSetup(PagingConfig.defaults(), true)) {
            var backing = setup.memory(LARGE, LARGE);
            setup.group.detach();
            for (int round = 0; round < 3; round++) {
                IommuDomain domain = setup.group.allocateDomain(true);
                setup.group.attach(domain);
                domain.map(0, backing.phys() + PAGE, 8 * PAGE, RW);
                domain.readDirty(0, LARGE, false, (iova, length) -> {
                    throw new AssertionError("dirty before the first write: 0x" + Long.toHexString(iova));
                });
                assertThat(setup.port.write(3 * PAGE, setup.buffer(8), 0, 8)).isTrue();
                setup.group.detach();
                domain.free();
                assertThat(setup.port.read(3 * PAGE, setup.buffer(8), 0, 8))
                        .as("an access when the domain is gone")
                        .isFalse();
                assertKeptIsZero(setup.unit.tableMemory());
            }
            setup.group.attach(setup.domain);
        }
    }

    @Test
    void shouldKeepNoMoreThanTheUnitLends() {
        try (var setup = new PagingSetup(PagingConfig.defaults().withPageSizes(PAGE), false)) {
            TableMemory memory = setup.unit.tableMemory();
            IommuDomain large = setup.group.allocateDomain(false);
            large.map(0, PHYS, 2 * LENT_TABLES * LARGE, RW);
            assertThat(((PagingDomain) large).tablesInUse()).isGreaterThan(2 * LENT_TABLES);
            assertThat(memory.lent() - 1)
                    .as("chunks of the large domain")
                    .isEqualTo(LENT_TABLES * PAGE / TableMemory.CHUNK_BYTES);
            large.free();
            assertThat(memory.kept()).isEqualTo(LENT_TABLES * (int) PAGE / TableMemory.CHUNK_BYTES);
            assertKeptIsZero(memory);
        }
    }

    @Test
    void shouldMakeDomainsWhenAllThatIsLentIsLent() {
        try (var setup = new PagingSetup()) {
            TableMemory memory = setup.unit.tableMemory();
            List<IommuDomain> domains = new ArrayList<>();
            for (int i = 0; i < TableMemory.MOST_CHUNKS + 3; i++) {
                IommuDomain domain = setup.group.allocateDomain(false);
                domain.map(i * PAGE, PHYS, PAGE, RW);
                domains.add(domain);
            }
            assertThat(memory.lent()).isEqualTo(TableMemory.MOST_CHUNKS);
            for (int i = 0; i < domains.size(); i++) {
                assertThat(domains.get(i).iovaToPhys(i * PAGE)).isEqualTo(PHYS);
            }
            domains.forEach(IommuDomain::free);
            assertThat(memory.lent()).isEqualTo(1);
            assertKeptIsZero(memory);
        }
    }

    @Test
    void shouldGiveBackWhatADomainRefusedForWantOfTablesTook() {
        try (var setup = new PagingSetup(PagingConfig.defaults().withTableLimit(40), false)) {
            IommuDomain domain = setup.group.allocateDomain(false);
            assertThatThrownBy(() -> domain.map(0, PHYS + PAGE, 50 * LARGE, RW))
                    .isInstanceOfSatisfying(
                            VfioException.class,
                            refused -> assertThat(refused.errno()).isEqualTo(Errno.ENOMEM));
            domain.map(0, PHYS + PAGE, 20 * LARGE, RW);
            domain.free();
            assertThat(setup.unit.tableMemory().lent()).isEqualTo(1);
            assertKeptIsZero(setup.unit.tableMemory());
        }
    }

    @Test
    void shouldFreeAllMemoryWhenUnitAndDomainsAreGone() {
        var setup = new PagingSetup();
        TableMemory memory = setup.unit.tableMemory();
        IommuDomain second = setup.group.allocateDomain(false);
        second.map(0, PHYS, HUGE + PAGE, RW);
        setup.unit.close();
        assertThat(memory.isFreed()).as("freed under two domains").isFalse();
        assertThat(second.iovaToPhys(HUGE)).isEqualTo(PHYS + HUGE);
        second.free();
        setup.close();
        assertThat(memory.isFreed()).isTrue();
        assertThat(memory.lent()).isZero();
    }

    /** Its tables may be another's by now. */
    @Test
    void shouldRefuseEveryUseOfAFreedDomain() {
        try (var setup = new PagingSetup()) {
            IommuDomain domain = setup.group.allocateDomain(true);
            domain.map(0, PHYS, PAGE, RW);
            domain.free();
            List<Runnable> uses = List.of(
                    () -> domain.map(PAGE, PHYS, PAGE, RW),
                    () -> domain.unmap(0, PAGE),
                    () -> domain.iovaToPhys(0),
                    () -> domain.forEachRun(0, PAGE, (iova, phys, length) -> {}),
                    () -> domain.readDirty(0, PAGE, true, (iova, length) -> {}),
                    () -> domain.setDirtyTracking(true),
                    () -> setup.group.replace(domain),
                    domain::free);
            for (Runnable use : uses) {
                assertThatThrownBy(use::run)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("freed");
            }
            assertKeptIsZero(setup.unit.tableMemory());
        }
    }

    /** The access is held inside its step, as one is that a busy machine took the processor from. */
    @Test
    @Timeout(60)
    void shouldKeepTablesFromOthersUntilTheAccessThatMayWalkThemHasEnded() throws InterruptedException {
        try (var setup = new PagingSetup()) {
            TableMemory memory = setup.unit.tableMemory();
            var slow = new SlowMemory();
            setup.group.detach();
            IommuDomain domain = setup.group.allocateDomain(false);
            setup.group.attach(domain);
            domain.map(0, setup.physical.insert(slow), PAGE, RW);
            int lent = memory.lent();
            Thread device = Thread.ofPlatform().start(() -> setup.port.read(0, setup.buffer(8), 0, 8));
            slow.begun.await();
            var freed = new CountDownLatch(1);
            Thread owner = Thread.ofPlatform().start(() -> {
                setup.group.detach();
                domain.free();
                freed.countDown();
            });
            // Time for the wrong thing to happen; the right thing passes however little it is.
            boolean tooEarly = freed.await(100, TimeUnit.MILLISECONDS);
            int lentMeanwhile = memory.lent();
            slow.mayEnd.countDown();
            device.join();
            owner.join();
            assertThat(tooEarly).as("domain freed while an access used it").isFalse();
            assertThat(lentMeanwhile).as("chunks lent while an access ran").isEqualTo(lent);
            assertThat(memory.lent()).as("chunks lent at the end").isEqualTo(lent - 1);
            setup.group.attach(setup.domain);
        }
    }

    /** Memory without a direct view, whose first read takes until it is told to end. */
    private static final class SlowMemory extends CopiedMemory {
        private final CountDownLatch begun = new CountDownLatch(1);
        private final CountDownLatch mayEnd = new CountDownLatch(1);

        SlowMemory() {
            super(PAGE, 0);
        }

        @Override
        public boolean read(long offset, MemorySegment target, long targetOffset, long length) {
            begun.countDown();
            try {
                mayEnd.await();
            } catch (InterruptedException e) {
                return false;
            }
            return true;
        }

        @Override
        public boolean write(long offset, MemorySegment source, long sourceOffset, long length) {
            return false;
        }
    }
}
