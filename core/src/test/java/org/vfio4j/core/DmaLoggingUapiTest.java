// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.core.fixture.FeatureCalls.GET;
import static org.vfio4j.core.fixture.FeatureCalls.PROBE;
import static org.vfio4j.core.fixture.FeatureCalls.SET;
import static org.vfio4j.core.fixture.FeatureCalls.UNTOUCHED;
import static org.vfio4j.core.fixture.RawCalls.refused;

import java.lang.foreign.MemorySegment;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.UapiProcess;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.FakeDmaLog;
import org.vfio4j.core.fixture.FakeOps;
import org.vfio4j.core.fixture.FeatureCalls;
import org.vfio4j.core.fixture.RawCalls;
import org.vfio4j.core.vfio.CoreDevice;
import org.vfio4j.core.vfio.MigrationDebug;
import org.vfio4j.spi.device.DmaRange;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioFeature;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.UapiLayouts;
import org.vfio4j.uapi.struct.VfioDeviceFeature;
import org.vfio4j.uapi.struct.VfioDeviceFeatureDmaLoggingControl;

/** DMA logging through raw calls. */
class DmaLoggingUapiTest {
    private static final long PAGE = 4096;
    private static final int START = VfioFeature.VFIO_DEVICE_FEATURE_DMA_LOGGING_START;
    private static final int REPORT = VfioFeature.VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT;
    private static final int STOP = VfioFeature.VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP;
    private static final int CONTROL = VfioDeviceFeatureDmaLoggingControl.SIZEOF;

    /** The last page of the address space, which no range may include. */
    private static final long LAST_PAGE = -PAGE;

    private final CoreWorld world = Worlds.start(machine -> {
        var device = machine.device("dev-a", machine.group(1));
        device.logging = true;
        device.migrationFlags = 1;
    });
    private final FakeOps ops = world.ops(world.machine.find("dev-a"));
    private final FakeDmaLog log = ops.dmaLog();
    private final RawCalls calls = world.caller();
    private final int device = calls.deviceFd(calls.groupWithContainer("/dev/vfio/1", 3), "dev-a");
    private final FeatureCalls features = new FeatureCalls(calls, device);
    private final MemorySegment bitmap = calls.process().allocate(2 * PAGE);

    @AfterEach
    void close() {
        world.close();
        assertThat(ops.violations).isEmpty();
    }

    private long word(int index) {
        return bitmap.get(UapiLayouts.U64, (long) index * Long.BYTES);
    }

    @Test
    @Spec("C-112")
    void shouldCheckTheNumberOfRanges() {
        refused(Errno.EINVAL, () -> features.startLogging(PAGE));
        refused(Errno.E2BIG, () -> features.startLoggingAt(PAGE, 257, RawCalls.NOWHERE));
        refused(Errno.E2BIG, () -> features.startLoggingAt(PAGE, -1, RawCalls.NOWHERE));
        refused(Errno.EFAULT, () -> features.startLoggingAt(PAGE, 1, RawCalls.NOWHERE));
        refused(Errno.EINVAL, () -> features.feature(SET | START, CONTROL - 1));
        refused(Errno.EINVAL, () -> features.feature(GET | START, CONTROL));
        refused(Errno.EINVAL, () -> features.feature(PROBE | GET | START, CONTROL));
        assertThat(features.feature(PROBE | SET | START, 0)).isZero();
        assertThat(log.running()).isFalse();
        long[] most =
                LongStream.range(0, 512).map(i -> i % 2 == 0 ? i * PAGE : PAGE).toArray();
        assertThat(features.startLogging(PAGE, most)).as("256 ranges").isEqualTo(PAGE);
        assertThat(log.ranges()).hasSize(256);
    }

    @Test
    @Spec("C-113")
    void shouldTakeAlignedRangesThatDoNotOverlap() {
        refused(Errno.EINVAL, () -> features.startLogging(PAGE, 0x1800, PAGE));
        refused(Errno.EINVAL, () -> features.startLogging(PAGE, 0x1000, PAGE + 8));
        refused(Errno.EINVAL, () -> features.startLogging(PAGE, 0x1000, 0x2000, 0x2000, 0x1000));
        refused(Errno.EINVAL, () -> features.startLogging(PAGE, 0x2000, 0x1000, 0x1000, 0x4000));
        refused(Errno.EINVAL, () -> features.startLogging(PAGE, 0x1000, 0x1000, 0x1000, 0x1000));
        assertThat(log.running()).isFalse();
        features.startLogging(PAGE, 0x3000, 0x1000, 0x1000, 0x2000, 0x10000, 0x1000);
        assertThat(log.ranges())
                .as("sorted by address")
                .containsExactly(
                        new DmaRange(0x1000, 0x2000), new DmaRange(0x3000, 0x1000), new DmaRange(0x10000, 0x1000));
    }

    @Test
    void shouldReportTheFirstBadRangeInOrder() {
        refused(Errno.EOVERFLOW, () -> features.startLogging(PAGE, LAST_PAGE, PAGE, 1, 1));
        refused(Errno.EINVAL, () -> features.startLogging(PAGE, 1, 1, LAST_PAGE, PAGE));
    }

    @Test
    @Spec("C-114")
    void shouldRefuseRangesThatReachTheEndOfTheAddressSpace() {
        refused(Errno.EOVERFLOW, () -> features.startLogging(PAGE, LAST_PAGE, PAGE));
        refused(Errno.EOVERFLOW, () -> features.startLogging(PAGE, LAST_PAGE - PAGE, 3 * PAGE));
        assertThat(log.running()).isFalse();
        features.startLogging(PAGE, LAST_PAGE - PAGE, PAGE, 0, PAGE);
        assertThat(log.ranges()).containsExactly(new DmaRange(0, PAGE), new DmaRange(LAST_PAGE - PAGE, PAGE));
    }

    @Test
    void shouldLeaveOddPageSizesAndEmptyRangesToTheDriver() {
        features.startLogging(3, 0x1000, 0x1001);
        assertThat(log.wished()).isEqualTo(3);
        features.stopLogging();
        features.startLogging(0, 0, 0);
        assertThat(log.ranges()).containsExactly(new DmaRange(0, 0));
    }

    @Test
    @Spec("C-115")
    void shouldStopTheLogWhenTheResolutionCannotBeToldTheCaller() {
        var page = calls.process().allocate(PAGE);
        var ranges = calls.process().allocate(PAGE);
        ranges.set(UapiLayouts.U64, 0, 0x1000);
        ranges.set(UapiLayouts.U64, 8, PAGE);
        VfioDeviceFeature.argsz(page, VfioDeviceFeature.SIZEOF + CONTROL);
        VfioDeviceFeature.flags(page, SET | START);
        var control = page.asSlice(VfioDeviceFeature.SIZEOF);
        VfioDeviceFeatureDmaLoggingControl.pageSize(control, PAGE);
        VfioDeviceFeatureDmaLoggingControl.numRanges(control, 1);
        VfioDeviceFeatureDmaLoggingControl.ranges(control, ranges.address());
        calls.process().protect(page, UapiProcess.PROT_READ);
        refused(Errno.EFAULT, () -> calls.ioctl(device, VfioIoctl.VFIO_DEVICE_FEATURE, page.address()));
        assertThat(log.ranges()).as("the driver was started").hasSize(1);
        assertThat(log.stops()).isEqualTo(1);
        assertThat(log.running()).isFalse();
    }

    @Test
    @Spec("C-116")
    void shouldCheckReports() {
        features.startLogging(PAGE, 0, 0x100000);
        refused(Errno.EINVAL, () -> features.report(0, PAGE, 2048, bitmap.address()));
        refused(Errno.EINVAL, () -> features.report(0, PAGE, 4097, bitmap.address()));
        refused(Errno.EINVAL, () -> features.report(0, PAGE, 0, bitmap.address()));
        refused(Errno.EOVERFLOW, () -> features.report(LAST_PAGE, PAGE, PAGE, bitmap.address()));
        refused(Errno.EOVERFLOW, () -> features.report(0x2000, -PAGE, PAGE, bitmap.address()));
        refused(Errno.EINVAL, () -> features.feature(SET | REPORT, 32));
        refused(Errno.EINVAL, () -> features.feature(GET | REPORT, 31));
        refused(Errno.EINVAL, () -> features.feature(GET | STOP, 0));
        features.report(0, PAGE, PAGE, bitmap.address());
        assertThat(word(0)).isZero();
    }

    @Test
    @Spec("C-117")
    void shouldSetBitsOfDirtiedPagesOnceAndKeepOthers() {
        features.startLogging(PAGE, 0, 0x1000000);
        bitmap.set(UapiLayouts.U64, 0, 1L << 40);
        bitmap.set(UapiLayouts.U64, 16, UNTOUCHED);
        log.write(0x101000, 1);
        log.write(0x103ffe, 4);
        log.write(0x100000 + 64 * PAGE, PAGE);
        log.write(0xff000, 1);
        log.write(0x100000 + 128 * PAGE, 1);
        features.report(0x100000, 128 * PAGE, PAGE, bitmap.address());
        assertThat(word(0)).isEqualTo(1L << 40 | 1 << 1 | 1 << 3 | 1 << 4);
        assertThat(word(1)).isEqualTo(1);
        assertThat(word(2)).as("the word behind the bitmap").isEqualTo(UNTOUCHED);
        bitmap.asSlice(0, 16).fill((byte) 0);
        features.report(0x100000, 128 * PAGE, PAGE, bitmap.address());
        assertThat(word(0) | word(1)).as("bits of a second report").isZero();
        features.report(0xff000, PAGE, PAGE, bitmap.address());
        assertThat(word(0)).as("a page outside the first report").isEqualTo(1);
    }

    @Test
    @Spec("C-118")
    void shouldMergeSmallLogPagesAndSpreadLargeOnes() {
        features.startLogging(PAGE, 0, 0x100000);
        log.write(0x3000, 1);
        features.report(0, 0x100000, 2 * PAGE, bitmap.address());
        assertThat(word(0)).as("a page of 4 KiB in bits of 8 KiB").isEqualTo(1 << 1);
        features.stopLogging();
        bitmap.fill((byte) 0);
        log.pageSize = 2 * PAGE;
        assertThat(features.startLogging(PAGE, 0, 0x100000))
                .as("the driver's choice")
                .isEqualTo(2 * PAGE);
        log.write(0x4000, 1);
        features.report(0, 0x100000, PAGE, bitmap.address());
        assertThat(word(0)).as("a page of 8 KiB in bits of 4 KiB").isEqualTo(1 << 4 | 1 << 5);
        log.write(0x6000, 1);
        bitmap.fill((byte) 0);
        features.report(0x7000, 0x1000, PAGE, bitmap.address());
        assertThat(word(0)).as("the half that was asked about").isEqualTo(1);
    }

    @Test
    @Spec("C-119")
    void shouldLeaveStartsAndStopsToTheDriver() {
        refused(Errno.EINVAL, () -> features.report(0, PAGE, PAGE, bitmap.address()));
        features.stopLogging();
        features.startLogging(PAGE, 0, PAGE);
        refused(Errno.EINVAL, () -> features.startLogging(PAGE, 0, PAGE));
        features.stopLogging();
        features.stopLogging();
        refused(Errno.EINVAL, () -> features.report(0, PAGE, PAGE, bitmap.address()));
    }

    @Test
    void shouldTouchTheBitmapOnlyWhereThereAreBits() {
        features.startLogging(PAGE, 0, 1L << 40);
        long bitsPerPage = PAGE * Byte.SIZE;
        long hole = bitmap.address() + bitmap.byteSize() - PAGE;
        log.write(5 * PAGE, 1);
        features.report(0, 1L << 40, PAGE, hole);
        assertThat(word(512)).as("first word of the only page there is").isEqualTo(1 << 5);
        log.write(6 * PAGE, 1);
        log.write(bitsPerPage * PAGE * 1000, 1);
        refused(Errno.EFAULT, () -> features.report(0, 1L << 40, PAGE, hole));
        assertThat(word(512)).as("what could be written is").isEqualTo(1 << 5 | 1 << 6);
    }

    @Test
    void shouldKeepTheLogWhenNoBitmapCanBeAtTheAddress() {
        features.startLogging(PAGE, 0, 0x100000);
        log.write(0x2000, 1);
        refused(Errno.EFAULT, () -> features.report(0, 0x100000, PAGE, Long.MIN_VALUE));
        features.report(0, 0x100000, PAGE, bitmap.address());
        assertThat(word(0)).isEqualTo(1 << 2);
    }

    @Test
    void shouldPassOnWhatAFailingDriverReported() {
        features.startLogging(PAGE, 0, 0x100000);
        log.write(0x2000, 1);
        log.failReports(Errno.EIO);
        refused(Errno.EIO, () -> features.report(0, 0x100000, PAGE, bitmap.address()));
        assertThat(word(0)).isEqualTo(1 << 2);
    }

    @Test
    void shouldShowDirtyTrackingToDebuggers() {
        var debug = MigrationDebug.of((CoreDevice) ops.vfioDevice()).orElseThrow();
        assertThat(debug.features()).isEqualTo("stop-copy\ndirty-tracking\n");
    }
}
