// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.type1.Rig.PAGE;
import static org.vfio4j.backend.type1.Rig.READ;
import static org.vfio4j.backend.type1.Rig.RW;
import static org.vfio4j.backend.type1.Rig.WRITE;
import static org.vfio4j.backend.type1.Rig.assertRefused;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.spi.iommu.DmaUnmapListener;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

class DevicePinsTest {
    private static final long BAR = 0x7000_0000L;
    private static final RunSink IGNORE = (phys, length) -> {};

    private final Rig rig = Rig.v2();
    private final FakeGroup group = rig.group();

    DevicePinsTest() {
        rig.container.attachGroup(group, GroupKind.EMULATED);
    }

    @Test
    @Spec("T-116")
    void shouldCheckVersionAndCount() {
        Rig v1 = Rig.v1();
        FakeGroup old = v1.group();
        v1.container.attachGroup(old, GroupKind.EMULATED);
        assertRefused(Errno.EACCES, () -> v1.container.pinPages(old, 0, 1, READ, IGNORE));
        assertRefused(Errno.E2BIG, () -> pin(0, 513, READ));
        assertRefused(Errno.EINVAL, () -> pin(0, 0, READ));
        assertRefused(Errno.EINVAL, () -> pin(0, -1, READ));
        assertRefused(Errno.EOVERFLOW, () -> pin(-PAGE, 2, READ));
        device();
        rig.map(RW, rig.caller.pages(512), 0);
        List<Long> lengths = new ArrayList<>();
        rig.container.pinPages(group, 0, 512, READ, (phys, length) -> lengths.add(length));
        assertThat(lengths).containsExactly(512 * PAGE);
    }

    @Test
    @Spec({"T-117", "T-118"})
    void shouldReleaseEarlierPagesWhenOneFails() {
        device();
        rig.map(READ, rig.caller.pages(2), 0);
        assertRefused(Errno.EINVAL, () -> pin(0, 3, READ));
        rig.assertNothingHeld();
        assertRefused(Errno.EPERM, () -> pin(0, 1, WRITE));
        rig.assertNothingHeld();
    }

    @Test
    @Spec("T-119")
    void shouldRefusePinsWhenNoDeviceListens() {
        rig.map(RW, rig.caller.pages(1), 0);
        assertRefused(Errno.EINVAL, () -> pin(0, 1, READ));
        DmaUnmapListener device = device();
        pin(0, 1, READ);
        rig.container.unregisterDevice(device);
        assertRefused(Errno.EINVAL, () -> pin(0, 1, READ));
    }

    /** A process that has mapped a page of a device and may lock nothing. */
    private UserAreas userOfABar() {
        UserAreas user = new UserAreas(rig.physical);
        user.device(BAR, PAGE, RW);
        user.memlockLimit = 0;
        return user;
    }

    @Test
    @Spec("T-120")
    void shouldRefuseToPinDeviceMemory() {
        device();
        UserAreas user = userOfABar();
        rig.container.mapDma(user, RW, BAR, 0, PAGE);
        assertRefused(Errno.EINVAL, () -> pin(0, 1, READ));
        assertThat(rig.physical.pinnedPages()).isZero();
        assertThat(user.charged()).isZero();
    }

    @Test
    @Spec("T-045")
    void shouldMapDeviceMemoryWithoutCharge() {
        UserAreas user = userOfABar();
        rig.container.mapDma(user, RW, BAR, 0, PAGE);
        FakeGroup real = rig.attach(rig.group());
        assertThat(real.attached().iovaToPhys(0)).isNotZero();
        assertThat(user.charged()).isZero();
        assertThat(rig.unmap(0, PAGE)).isEqualTo(PAGE);
        assertThat(rig.physical.pinnedPages()).isZero();
    }

    @Test
    @Spec({"T-121", "T-122", "C-139"})
    void shouldNotifyOfTheWholeEntryAndOnlyWhenItHasPins() {
        List<String> told = new ArrayList<>();
        rig.container.registerDevice((iova, length) -> {
            told.add(iova + "+" + length);
            rig.container.unpinPages(iova, 2);
        });
        rig.map(RW, rig.caller.pages(2), 0);
        rig.map(RW, rig.caller.pages(2), 0x2000);
        pin(0x2000, 2, RW);
        assertThat(rig.unmap(0, 4 * PAGE)).isEqualTo(4 * PAGE);
        assertThat(told).containsExactly("8192+8192");
        rig.assertNothingHeld();
    }

    @Test
    @Spec("T-123")
    void shouldTakePinsFromADeviceThatNeverLetsGo() {
        List<Long> told = new ArrayList<>();
        rig.container.registerDevice((iova, length) -> told.add(iova));
        rig.map(RW, rig.caller.pages(2), 0);
        pin(0, 2, RW);
        assertThat(rig.unmap(0, 2 * PAGE)).isEqualTo(2 * PAGE);
        assertThat(told).hasSize(10);
        rig.assertNothingHeld();
    }

    @Test
    @Timeout(value = 20, unit = TimeUnit.SECONDS)
    @Spec("T-124")
    void shouldLetADeviceUnpinWhileAnotherRegisters() throws InterruptedException {
        CountDownLatch inCallback = new CountDownLatch(1);
        CountDownLatch registered = new CountDownLatch(1);
        rig.container.registerDevice((iova, length) -> {
            inCallback.countDown();
            await(registered);
            rig.container.unpinPages(iova, 1);
        });
        rig.map(RW, rig.caller.pages(1), 0);
        pin(0, 1, RW);
        Thread unmapper = Thread.ofVirtual().start(() -> rig.unmap(0, PAGE));
        await(inCallback);
        DmaUnmapListener late = device();
        rig.container.unregisterDevice(late);
        registered.countDown();
        unmapper.join();
        rig.assertNothingHeld();
    }

    @Test
    @Timeout(value = 20, unit = TimeUnit.SECONDS)
    void shouldWaitForARunningCallbackBeforeUnregistering() throws InterruptedException {
        CountDownLatch inCallback = new CountDownLatch(1);
        CountDownLatch proceed = new CountDownLatch(1);
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        DmaUnmapListener device = (iova, length) -> {
            inCallback.countDown();
            await(proceed);
            rig.container.unpinPages(iova, 1);
            order.add("callback done");
        };
        rig.container.registerDevice(device);
        rig.map(RW, rig.caller.pages(1), 0);
        pin(0, 1, RW);
        Thread unmapper = Thread.ofVirtual().start(() -> rig.unmap(0, PAGE));
        await(inCallback);
        Thread closer = Thread.ofPlatform().start(() -> {
            rig.container.unregisterDevice(device);
            order.add("unregistered");
        });
        while (closer.getState() != Thread.State.WAITING && closer.isAlive()) {
            Thread.onSpinWait();
        }
        proceed.countDown();
        unmapper.join();
        closer.join();
        assertThat(order).containsExactly("callback done", "unregistered");
    }

    @Test
    @Spec("T-125")
    void shouldNotifyTheNewestDeviceFirst() {
        List<String> order = new ArrayList<>();
        rig.container.registerDevice((iova, length) -> order.add("old"));
        rig.container.registerDevice((iova, length) -> {
            order.add("new");
            rig.container.unpinPages(iova, 1);
        });
        rig.map(RW, rig.caller.pages(1), 0);
        pin(0, 1, RW);
        rig.unmap(0, PAGE);
        assertThat(order).containsExactly("new", "old");
    }

    @Test
    @Spec("T-126")
    void shouldIgnoreUnpinsOfPagesThatAreNotPinned() {
        device();
        rig.map(RW, rig.caller.pages(2), 0);
        pin(0, 1, RW);
        rig.container.unpinPages(PAGE, 1);
        rig.container.unpinPages(0x100000, 1);
        assertThat(rig.physical.pinnedPages()).isEqualTo(1);
        rig.container.unpinPages(0, 513);
        assertThat(rig.physical.pinnedPages()).isEqualTo(1);
    }

    @Test
    @Spec("T-127")
    void shouldCopyAcrossEntriesAndStopAtAHole() {
        MemorySegment first = rig.caller.pages(1);
        MemorySegment second = rig.caller.pages(1);
        rig.map(RW, first, 0);
        rig.map(RW, second, 0x1000);
        MemorySegment buffer = MemorySegment.ofArray(new byte[] {1, 2, 3, 4});
        rig.container.dmaRw(PAGE - 2, buffer, true);
        assertThat(first.get(ValueLayout.JAVA_BYTE, PAGE - 1)).isEqualTo((byte) 2);
        assertThat(second.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 3);
        MemorySegment back = MemorySegment.ofArray(new byte[4]);
        rig.container.dmaRw(PAGE - 2, back, false);
        assertThat(back.toArray(ValueLayout.JAVA_BYTE)).containsExactly(1, 2, 3, 4);
        assertRefused(Errno.EINVAL, () -> rig.container.dmaRw(2 * PAGE - 2, buffer, true));
        assertThat(second.get(ValueLayout.JAVA_BYTE, PAGE - 1)).isEqualTo((byte) 2);
        assertRefused(Errno.EINVAL, () -> rig.container.dmaRw(0, MemorySegment.ofArray(new byte[0]), false));
    }

    @Test
    @Spec({"T-128", "T-129"})
    void shouldCheckAccessAndOwnerOfCopies() {
        MemorySegment buffer = MemorySegment.ofArray(new byte[1]);
        rig.map(WRITE, rig.caller.pages(1), 0);
        assertRefused(Errno.EPERM, () -> rig.container.dmaRw(0, buffer, true));
        assertRefused(Errno.EPERM, () -> rig.container.dmaRw(0, buffer, false));
        rig.map(READ, rig.caller.pages(1), 0x1000);
        assertRefused(Errno.EPERM, () -> rig.container.dmaRw(PAGE, buffer, true));
        rig.container.dmaRw(PAGE, buffer, false);
        rig.caller.memory().close();
        assertRefused(Errno.EPERM, () -> rig.container.dmaRw(PAGE, buffer, false));
    }

    @Test
    @Spec("T-130")
    void shouldCopyOnVersion1() {
        Rig v1 = Rig.v1().withEmulated();
        v1.map(RW, v1.caller.pages(1), 0);
        v1.container.dmaRw(7, MemorySegment.ofArray(new byte[9]), true);
    }

    @Test
    void shouldChargePinsAgainstTheMappersLimit() {
        device();
        rig.map(RW, rig.caller.pages(4), 0);
        rig.caller.memlockLimit = 2 * PAGE;
        assertRefused(Errno.ENOMEM, () -> pin(0, 3, RW));
        rig.assertNothingHeld();
        pin(0, 2, RW);
        assertThat(rig.caller.locked()).isEqualTo(2);
    }

    private void pin(long iova, int pages, int protection) {
        rig.container.pinPages(group, iova, pages, protection, IGNORE);
    }

    private DmaUnmapListener device() {
        DmaUnmapListener device = (iova, length) -> {};
        rig.container.registerDevice(device);
        return device;
    }

    private static void await(CountDownLatch latch) {
        try {
            if (!latch.await(15, TimeUnit.SECONDS)) {
                throw new AssertionError("nothing happened for 15 seconds");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
