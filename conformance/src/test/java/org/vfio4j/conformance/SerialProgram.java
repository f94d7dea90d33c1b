// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.vfio4j.conformance.Program.require;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioFeature;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.VfioDeviceFeature;
import org.vfio4j.uapi.struct.VfioDeviceFeatureDmaLoggingControl;
import org.vfio4j.uapi.struct.VfioDeviceFeatureDmaLoggingRange;
import org.vfio4j.uapi.struct.VfioDeviceFeatureDmaLoggingReport;
import org.vfio4j.uapi.struct.VfioDeviceFeatureMigState;
import org.vfio4j.uapi.struct.VfioDeviceInfo;
import org.vfio4j.uapi.struct.VfioPrecopyInfo;

/**
 * Drives a serial mdev, its DMA engine and its migration, as short as in C. One thread at a time uses it; several of them
 * may share a device. Spec: mdev §9, core §12, §13.
 */
final class SerialProgram {
    private static final int DATA = VfioDeviceFeature.DATA_OFFSET;
    private static final int ENGINE = 1;
    private static final int REGION_SHIFT = 40;

    // Registers and bits of the DMA engine; see docs/devices.md.
    static final int ADDRESS = 0x00;
    static final int LENGTH = 0x08;
    static final int COMMAND = 0x0c;
    static final int STATUS = 0x10;
    static final int ERROR = 0x14;
    static final int PINNED = 0x1c;
    static final int START = 0x01;
    static final int RECEIVE = 0x02;
    static final int PIN = 0x08;
    static final int RELEASE = 0x10;
    static final int BUSY = 0x1;
    static final int DONE = 0x2;

    private final UapiSystem system;
    private final long device;
    private final MemorySegment argument;
    private final MemorySegment bytes;

    /** A program of a device that is bound already. */
    SerialProgram(UapiSystem system, long device) {
        this.system = system;
        this.device = device;
        this.argument = system.memory(4096);
        this.bytes = system.memory(4096);
    }

    /** Writes a port's register; what pwrite answers. */
    long write(int port, int register, int value) {
        bytes.set(ValueLayout.JAVA_BYTE, 0, (byte) value);
        return system.pwrite(device, bytes.asSlice(0, 1), ((long) port << REGION_SHIFT) + register);
    }

    /** Reads a port's register: its value, or minus an errno. */
    long read(int port, int register) {
        long result = system.pread(device, bytes.asSlice(0, 1), ((long) port << REGION_SHIFT) + register);
        return result < 0 ? result : Byte.toUnsignedInt(bytes.get(ValueLayout.JAVA_BYTE, 0));
    }

    /** Writes an engine register of 4 or 8 bytes; what pwrite answers. */
    long writeEngine(int register, int size, long value) {
        bytes.set(ValueLayout.JAVA_LONG, 0, value);
        return system.pwrite(device, bytes.asSlice(0, size), ((long) ENGINE << REGION_SHIFT) + register);
    }

    /** Reads an engine register of 4 bytes. */
    int readEngine(int register) {
        require("pread", system.pread(device, bytes.asSlice(0, 4), ((long) ENGINE << REGION_SHIFT) + register));
        return bytes.get(ValueLayout.JAVA_INT, 0);
    }

    /** Has the engine carry out a command and waits for it: 0 or the errno it met. */
    int transfer(long iova, int length, int way) {
        require("pwrite", writeEngine(ADDRESS, 8, iova));
        require("pwrite", writeEngine(LENGTH, 4, length));
        require("pwrite", writeEngine(COMMAND, 4, START | way));
        while (readEngine(STATUS) == BUSY) {
            Thread.onSpinWait();
        }
        return readEngine(STATUS) == DONE ? 0 : readEngine(ERROR);
    }

    /** Has the engine give back every page it pinned. */
    void release() {
        transfer(0, 0, RELEASE);
    }

    /** Pages that the engine holds pinned. */
    int pinned() {
        return readEngine(PINNED);
    }

    long info() {
        VfioDeviceInfo.argsz(argument.fill((byte) 0), VfioDeviceInfo.SIZEOF);
        return system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_INFO, argument);
    }

    long reset() {
        return system.ioctl(device, VfioIoctl.VFIO_DEVICE_RESET, 0);
    }

    /** DEVICE_FEATURE with data of a length that were put behind the head before. */
    long feature(int flags, int length) {
        VfioDeviceFeature.argsz(argument, DATA + length);
        VfioDeviceFeature.flags(argument, flags);
        return system.ioctl(device, VfioIoctl.VFIO_DEVICE_FEATURE, argument);
    }

    private MemorySegment data(int length) {
        return argument.asSlice(DATA, length);
    }

    /** A GET of 8 bytes: the value, or minus an errno. */
    private long get(int feature) {
        data(8).fill((byte) 0);
        long result = feature(VfioFeature.VFIO_DEVICE_FEATURE_GET | feature, 8);
        return result < 0 ? result : data(8).get(ValueLayout.JAVA_LONG, 0);
    }

    long migrationFlags() {
        return get(VfioFeature.VFIO_DEVICE_FEATURE_MIGRATION);
    }

    long dataSize() {
        return get(VfioFeature.VFIO_DEVICE_FEATURE_MIG_DATA_SIZE);
    }

    /** The migration state; {@link #dataFd} is what came with it. */
    long state() {
        VfioDeviceFeatureMigState.dataFd(data(8), 4711);
        long result =
                feature(VfioFeature.VFIO_DEVICE_FEATURE_GET | VfioFeature.VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, 8);
        return result < 0 ? result : VfioDeviceFeatureMigState.deviceState(data(8));
    }

    /** Asks for a migration state: 0 or minus an errno; {@link #dataFd} is what came with it. */
    long setState(int state) {
        VfioDeviceFeatureMigState.deviceState(data(8), state);
        VfioDeviceFeatureMigState.dataFd(data(8), 4711);
        return feature(VfioFeature.VFIO_DEVICE_FEATURE_SET | VfioFeature.VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, 8);
    }

    /** The descriptor in the answer to the last of the two calls above. */
    long dataFd() {
        return VfioDeviceFeatureMigState.dataFd(data(8));
    }

    /** Goes to a state that starts a session: the descriptor of its data. */
    long session(int state) {
        require("SET_STATE " + state, setState(state));
        return require("data_fd in state " + state, dataFd());
    }

    /** Reads saved data to the end, or to the end for now. */
    byte[] drain(long fd) {
        var all = new ByteArrayOutputStream();
        while (true) {
            long count = system.read(fd, bytes.asSlice(0, 1000));
            if (count == 0 || count == UapiSystem.refusal(Errno.ENOMSG)) {
                return all.toByteArray();
            }
            require("read of saved data", count);
            all.writeBytes(bytes.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE));
        }
    }

    /** One write of data to restore: what write answers. */
    long load(long fd, byte[] data, int from, int count) {
        MemorySegment.copy(data, from, bytes, ValueLayout.JAVA_BYTE, 0, count);
        return system.write(fd, bytes.asSlice(0, count));
    }

    /** Writes all data to restore, in odd pieces. */
    void loadAll(long fd, byte[] data) {
        int done = 0;
        while (done < data.length) {
            done += (int) require("write of data", load(fd, data, done, Math.min(777, data.length - done)));
        }
    }

    /** GET_PRECOPY_INFO: initial bytes, or minus an errno; {@link #dirtyBytes} came with it. */
    long initialBytes(long fd) {
        VfioPrecopyInfo.argsz(argument.fill((byte) 0), VfioPrecopyInfo.SIZEOF);
        long result = system.ioctl(fd, VfioIoctl.VFIO_MIG_GET_PRECOPY_INFO, argument);
        return result < 0 ? result : VfioPrecopyInfo.initialBytes(argument);
    }

    long dirtyBytes() {
        return VfioPrecopyInfo.dirtyBytes(argument);
    }

    /** DMA_LOGGING_START of one range: the page size chosen, or minus an errno. */
    long startLogging(long iova, long length, long pageSize) {
        var control = data(VfioDeviceFeatureDmaLoggingControl.SIZEOF).fill((byte) 0);
        var range = bytes.asSlice(0, VfioDeviceFeatureDmaLoggingRange.SIZEOF);
        VfioDeviceFeatureDmaLoggingRange.iova(range, iova);
        VfioDeviceFeatureDmaLoggingRange.length(range, length);
        VfioDeviceFeatureDmaLoggingControl.pageSize(control, pageSize);
        VfioDeviceFeatureDmaLoggingControl.numRanges(control, 1);
        VfioDeviceFeatureDmaLoggingControl.ranges(control, bytes.address());
        long result = feature(
                VfioFeature.VFIO_DEVICE_FEATURE_SET | VfioFeature.VFIO_DEVICE_FEATURE_DMA_LOGGING_START,
                VfioDeviceFeatureDmaLoggingControl.SIZEOF);
        return result < 0 ? result : VfioDeviceFeatureDmaLoggingControl.pageSize(control);
    }

    long stopLogging() {
        return feature(VfioFeature.VFIO_DEVICE_FEATURE_SET | VfioFeature.VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP, 0);
    }

    /** DMA_LOGGING_REPORT into a bitmap: 0 or minus an errno. */
    long report(long iova, long length, long pageSize, MemorySegment bitmap) {
        var report = data(VfioDeviceFeatureDmaLoggingReport.SIZEOF).fill((byte) 0);
        VfioDeviceFeatureDmaLoggingReport.iova(report, iova);
        VfioDeviceFeatureDmaLoggingReport.length(report, length);
        VfioDeviceFeatureDmaLoggingReport.pageSize(report, pageSize);
        VfioDeviceFeatureDmaLoggingReport.bitmap(report, bitmap.address());
        return feature(
                VfioFeature.VFIO_DEVICE_FEATURE_GET | VfioFeature.VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT,
                VfioDeviceFeatureDmaLoggingReport.SIZEOF);
    }
}
