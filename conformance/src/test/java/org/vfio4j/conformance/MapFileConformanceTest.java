// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.vfio4j.conformance.Program.refused;
import static org.vfio4j.conformance.Program.require;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.IommufdIoctl;
import org.vfio4j.uapi.struct.IommuIoasChangeProcess;

/** Pages of files for devices. Spec: iommufd §5.5, §5.15. */
class MapFileConformanceTest extends UapiTestCase {
    private static final int PAGE = 4096;
    private static final int FIXED = 1;
    private static final int WRITEABLE = 2;
    private static final int READABLE = 4;
    private static final int ALL = FIXED | WRITEABLE | READABLE;
    private static final long IOVA = 0x10_0000;
    private static final long MEMORY_IOVA = 0x80_0000;

    private long iommufd;
    private long ioas;
    private long device;
    private long file;

    @BeforeEach
    void openAll() {
        iommufd = program.open(Program.IOMMU);
        ioas = require("IOAS_ALLOC", program.newIoas(iommufd));
        device = program.open(nodePath(EDU));
        require("BIND", program.bind(device, iommufd));
        file = require("memory file", system.memoryFile(8 * PAGE));
    }

    private long map(int flags, long fd, long start, long length) {
        return program.mapFile(iommufd, ioas, flags, fd, start, length, IOVA);
    }

    private MemorySegment pattern(byte first) {
        var bytes = system.memory(PAGE);
        for (int i = 0; i < PAGE; i++) {
            bytes.set(ValueLayout.JAVA_BYTE, i, (byte) (first + i * 3));
        }
        return bytes;
    }

    /** Has the device copy a page of the file to memory of the program, and back to the file's last page. */
    private MemorySegment carry(long fromIova, long toIova) {
        var memory = system.memory(PAGE);
        require("MAP", program.mapIoas(iommufd, ioas, memory, MEMORY_IOVA));
        var engine = new EduProgram(program, device);
        engine.carry(fromIova, MEMORY_IOVA, PAGE);
        engine.carry(MEMORY_IOVA, toIova, PAGE);
        return memory;
    }

    @Test
    @Spec({"I-090", "I-099"})
    void shouldShowTheDeviceThePagesOfTheFile() {
        require("ATTACH", program.attach(device, ioas));
        assertThat(map(ALL, file, 2 * PAGE, 4 * PAGE)).isZero();
        assertThat(machine.pinnedPages()).isEqualTo(4);
        var written = pattern((byte) 1);
        assertThat(system.pwrite(file, written, 3 * PAGE)).isEqualTo(PAGE);
        var seen = carry(IOVA + PAGE, IOVA + 3 * PAGE);
        assertThat(seen.mismatch(written))
                .as("first byte the device read wrongly")
                .isEqualTo(-1);
        var back = system.memory(PAGE);
        assertThat(system.pread(file, back, 5 * PAGE)).isEqualTo(PAGE);
        assertThat(back.mismatch(written))
                .as("first byte the device wrote wrongly")
                .isEqualTo(-1);
        assertThat(system.pread(file, back, 4 * PAGE)).isEqualTo(PAGE);
        assertThat(back.mismatch(system.memory(PAGE)))
                .as("first byte of the hole that is not 0")
                .isEqualTo(-1);
    }

    @Test
    @Spec("I-097")
    void shouldKeepThePagesWhenTheDescriptorIsClosed() {
        var written = pattern((byte) 7);
        assertThat(system.pwrite(file, written, 0)).isEqualTo(PAGE);
        assertThat(map(ALL, file, 0, 2 * PAGE)).isZero();
        require("close", system.close(file));
        assertThat(machine.pinnedPages()).as("nothing is attached").isZero();
        require("ATTACH", program.attach(device, ioas));
        assertThat(machine.pinnedPages()).isEqualTo(2);
        assertThat(carry(IOVA, IOVA + PAGE).mismatch(written)).isEqualTo(-1);
        assertThat(program.unmapIoas(iommufd, ioas, IOVA, 2 * PAGE)).isZero();
    }

    @Test
    @Spec({"I-091", "I-092", "I-093"})
    void shouldCheckTheArgumentInTheKernelsOrder() {
        refused("flags", map(8, -1, 0, -1), Errno.EOPNOTSUPP);
        refused("length", map(FIXED, -1, 0, -1), Errno.EOVERFLOW);
        refused("no access", program.mapFile(iommufd, 99, FIXED, -1, 0, 0, IOVA), Errno.EINVAL);
        refused("ioas", program.mapFile(iommufd, 99, ALL, -1, 0, 0, IOVA), Errno.ENOENT);
        refused("length 0", map(ALL, -1, 0, 0), Errno.EINVAL);
        refused("start and length", map(ALL, -1, -PAGE, PAGE + 1), Errno.EOVERFLOW);
        refused("descriptor -1", map(ALL, -1, 0, PAGE), Errno.EBADF);
        refused("descriptor 999", map(ALL, 999, 0, PAGE), Errno.EBADF);
        assertThat(map(ALL, file, 0, PAGE)).isZero();
        refused("taken", map(ALL, file, 0, PAGE), Errno.EEXIST);
    }

    @Test
    @Spec("I-094")
    void shouldTakeAnyFileUntilItsPagesAreNeeded() {
        for (long other : new long[] {system.eventfd(), iommufd, device}) {
            assertThat(map(ALL, other, 0, PAGE)).as("descriptor %d", other).isZero();
            refused("ATTACH", program.attach(device, ioas), Errno.EINVAL);
            assertThat(program.unmapIoas(iommufd, ioas, IOVA, PAGE)).isZero();
        }
        require("ATTACH", program.attach(device, ioas));
        refused("eventfd", map(ALL, system.eventfd(), 0, PAGE), Errno.EINVAL);
        assertThat(machine.pinnedPages()).isZero();
    }

    @Test
    @Spec("I-095")
    void shouldRefuseWhatLiesBeyondTheEndOfTheFile() {
        require("ATTACH", program.attach(device, ioas));
        refused("a page too many", map(ALL, file, 4 * PAGE, 5 * PAGE), Errno.EINVAL);
        refused("far away", map(ALL, file, Long.MIN_VALUE, PAGE), Errno.EINVAL);
        require("truncate", system.truncate(file, 0));
        refused("cut short", map(ALL, file, 0, PAGE), Errno.EINVAL);
        assertThat(machine.pinnedPages()).isZero();
        require("truncate", system.truncate(file, 2 * PAGE));
        assertThat(map(ALL, file, PAGE, PAGE)).isZero();
    }

    @Test
    @Spec("I-096")
    void shouldWriteAFileThatWasOpenedForReadingOnly() {
        long readOnly = system.readOnly(file);
        assumeTrue(readOnly != UapiSystem.refusal(Errno.ENOSYS), "skipped: files here are open for both");
        require("second opening", readOnly);
        require("ATTACH", program.attach(device, ioas));
        assertThat(map(ALL, readOnly, 0, 2 * PAGE)).isZero();
        var written = pattern((byte) 9);
        assertThat(system.pwrite(file, written, 0)).isEqualTo(PAGE);
        carry(IOVA, IOVA + PAGE);
        var back = system.memory(PAGE);
        assertThat(system.pread(readOnly, back, PAGE)).isEqualTo(PAGE);
        assertThat(back.mismatch(written)).isEqualTo(-1);
    }

    private long changeProcess(int reserved) {
        var change = program.argument(IommuIoasChangeProcess.SIZEOF);
        IommuIoasChangeProcess.size(change, IommuIoasChangeProcess.SIZEOF);
        IommuIoasChangeProcess.reserved(change, reserved);
        return system.ioctl(iommufd, IommufdIoctl.IOMMU_IOAS_CHANGE_PROCESS, change);
    }

    @Test
    @Spec({"I-231", "I-233"})
    void shouldChangeTheProcessOfPagesOfFilesOnly() {
        require("ATTACH", program.attach(device, ioas));
        refused("reserved", changeProcess(1), Errno.EOPNOTSUPP);
        assertThat(map(ALL, file, 0, PAGE)).isZero();
        assertThat(changeProcess(0)).as("the owner itself").isZero();
        require("MAP", program.mapIoas(iommufd, ioas, system.memory(PAGE), MEMORY_IOVA));
        refused("memory of a process", changeProcess(0), Errno.EINVAL);
    }
}
