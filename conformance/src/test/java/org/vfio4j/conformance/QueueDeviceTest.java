// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.Device;
import org.vfio4j.DmaBuffer;
import org.vfio4j.DmaMapping;
import org.vfio4j.Interrupt;
import org.vfio4j.Region;
import org.vfio4j.Vfio;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.testing.EmbeddedMachine;
import org.vfio4j.testing.OpenDevice;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioPci;
import org.vfio4j.uapi.VfioRegion;
import org.vfio4j.uapi.struct.UapiLayouts;

/** A device with doorbells, driven by a Java user who maps them, as native programs do. Spec: pci §11.5. */
@EmbeddedMachine(machine = "queue.json")
class QueueDeviceTest {
    private static final String QUEUE = "0000:00:05.0";
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final VarHandle DOORBELL = ValueLayout.JAVA_INT.varHandle();

    private static final int COMMAND = 4;
    private static final int MEMORY_AND_MASTER = 6;
    private static final int EXPRESS_CONTROL = 0x68;
    private static final int FUNCTION_RESET = 0x8000;

    private static final long DOORBELL_PAGE = 0x1000;
    private static final long TAIL = 0;
    private static final long HEAD = 4;
    private static final long COMPLETED = 8;
    private static final int FAULTS = 8;
    private static final int QUEUE_ON = 0x118;
    private static final int ENTRIES = 16;

    private static final int COPY = 1;
    private static final int FILL = 2;
    private static final int CHECKSUM = 3;
    private static final int DMA_FAULT = 3;

    private static final long COMPLETIONS = 0x1000;
    private static final long DATA = 0x2000;

    private Device device;
    private Region config;
    private Region bar;
    private UapiMapping doorbells;
    private DmaBuffer buffer;
    private DmaMapping mapped;
    private Interrupt done;
    private int submitted;
    private int completed;

    @SuppressWarnings("NullAway.Init")
    QueueDeviceTest() {}

    @BeforeEach
    void openQueue(Vfio vfio, @OpenDevice(QUEUE) Device opened) {
        device = opened;
        config = device.region(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX);
        config.writeShort(COMMAND, MEMORY_AND_MASTER);
        bar = device.region(0);
        doorbells = bar.map(DOORBELL_PAGE, 0x1000);
        buffer = vfio.allocate(0x10000);
        mapped = device.dma().map(buffer);
        done = device.interrupts(VfioPci.VFIO_PCI_MSIX_IRQ_INDEX).enable(5)[1];
        startQueue();
    }

    private void startQueue() {
        buffer.segment().asSlice(0, DATA).fill((byte) 0);
        submitted = 0;
        completed = 0;
        bar.writeLong(0x100, mapped.iova());
        bar.writeLong(0x108, mapped.iova() + COMPLETIONS);
        bar.writeInt(0x110, ENTRIES);
        bar.writeInt(0x114, 1);
        bar.writeInt(QUEUE_ON, 1);
        assertThat(bar.readInt(0x11c)).as("state of the queue").isEqualTo(1);
    }

    @AfterEach
    void closeAll() {
        doorbells.close();
        mapped.close();
        buffer.close();
    }

    private void submit(int opcode, long source, long destination, int length, int value) {
        var entry = buffer.segment().asSlice(submitted % ENTRIES * 32L, 32);
        entry.set(UapiLayouts.U32, 0, opcode);
        entry.set(UapiLayouts.U32, 4, submitted);
        entry.set(UapiLayouts.U64, 8, source);
        entry.set(UapiLayouts.U64, 16, destination);
        entry.set(UapiLayouts.U32, 24, length);
        entry.set(UapiLayouts.U32, 28, value);
        submitted++;
    }

    /** Waits for the next completion. */
    private MemorySegment completion() throws InterruptedException {
        var entry = buffer.segment().asSlice(COMPLETIONS + completed % ENTRIES * 16L, 16);
        int phase = completed / ENTRIES % 2 == 0 ? 1 : 0;
        while ((entry.get(UapiLayouts.U16, 14) & 1) != phase) {
            assertThat(done.await(PATIENCE)).as("an interrupt").isPositive();
        }
        assertThat(entry.get(UapiLayouts.U32, 8)).as("id").isEqualTo(completed);
        completed++;
        return entry;
    }

    private void ring(long register, int value) {
        DOORBELL.setRelease(doorbells.segment(), register, value);
    }

    private MemorySegment carryOut(int opcode, long source, long destination, int length, int value)
            throws InterruptedException {
        submit(opcode, source, destination, length, value);
        ring(TAIL, submitted % ENTRIES);
        var completion = completion();
        ring(HEAD, completed % ENTRIES);
        return completion;
    }

    private static int status(MemorySegment completion) {
        return (completion.get(UapiLayouts.U16, 14) & 0xffff) >> 1;
    }

    @Test
    void shouldCarryOutWhatMappedDoorbellsTell() throws InterruptedException {
        var data = buffer.segment().asSlice(DATA);
        for (int i = 0; i < 3 * ENTRIES; i++) {
            data.asSlice(0, 1000).fill((byte) i);
            var copied = carryOut(COPY, mapped.iova() + DATA, mapped.iova() + DATA + 0x4000, 1000, 0);
            assertThat(status(copied)).isZero();
            assertThat(copied.get(UapiLayouts.U64, 0)).isEqualTo(1000);
            assertThat(data.asSlice(0x4000, 1000).mismatch(data.asSlice(0, 1000)))
                    .isEqualTo(-1);
        }
        assertThat(status(carryOut(FILL, 0, mapped.iova() + DATA, 64, 0x55))).isZero();
        assertThat(data.get(UapiLayouts.U64, 56)).isEqualTo(0x5555_5555_5555_5555L);
        var crc = new CRC32();
        crc.update(data.asSlice(0, 64).toArray(ValueLayout.JAVA_BYTE));
        assertThat(carryOut(CHECKSUM, mapped.iova() + DATA, 0, 64, 0).get(UapiLayouts.U64, 0))
                .isEqualTo(crc.getValue());
        assertThat(doorbells.segment().get(ValueLayout.JAVA_INT, COMPLETED)).isEqualTo(submitted);
    }

    @Test
    void shouldCompleteABadAddressWithAnErrorAndCountIt() throws InterruptedException {
        assertThat(status(carryOut(COPY, 0x10, mapped.iova() + DATA, 64, 0))).isEqualTo(DMA_FAULT);
        assertThat(bar.readInt(FAULTS)).isEqualTo(1);
        assertThat(status(carryOut(FILL, 0, mapped.iova() + DATA, 64, 1)))
                .as("the next command")
                .isZero();
    }

    @Test
    void shouldSayWhichPagesCanBeMapped() {
        var info = bar.info();
        assertThat(info.flags() & VfioRegion.VFIO_REGION_INFO_FLAG_MMAP).isNotZero();
        assertThat(info.capabilities()).singleElement().satisfies(sparse -> {
            assertThat(sparse.id()).isEqualTo(VfioRegion.VFIO_REGION_INFO_CAP_SPARSE_MMAP);
            var body = MemorySegment.ofArray(sparse.body());
            assertThat(body.get(UapiLayouts.U32, 0)).as("areas").isEqualTo(1);
            assertThat(body.get(UapiLayouts.U64, 8)).as("offset").isEqualTo(DOORBELL_PAGE);
            assertThat(body.get(UapiLayouts.U64, 16)).as("size").isEqualTo(0x1000);
        });
        for (long offset : new long[] {0, 0x2000, 0x3000}) {
            assertThatExceptionOfType(VfioException.class)
                    .isThrownBy(() -> bar.map(offset, 0x1000))
                    .satisfies(refused -> assertThat(refused.errno()).isEqualTo(Errno.EINVAL));
        }
    }

    @Test
    void shouldShowResetValuesAfterAFunctionResetByConfiguration() {
        ring(TAIL, 0);
        doorbells.segment().set(ValueLayout.JAVA_INT, 0x800, 7);
        config.writeShort(EXPRESS_CONTROL, FUNCTION_RESET);
        assertThat(doorbells.segment().get(ValueLayout.JAVA_INT, 0x800)).isZero();
        assertThat(bar.readInt(0x11c)).as("the queue is off").isZero();
        startQueue();
    }

    /** Another thread switches memory decoding off and on: stores fail meanwhile, and in the end every command was carried out. */
    @Test
    void shouldCarryOutEveryCommandWhileMemoryComesAndGoes() throws InterruptedException {
        var over = new AtomicBoolean();
        var switching = Thread.ofPlatform().start(() -> {
            while (!over.get()) {
                config.writeShort(COMMAND, 4);
                config.writeShort(COMMAND, MEMORY_AND_MASTER);
            }
        });
        try {
            for (int i = 0; i < 200; i++) {
                submit(FILL, 0, mapped.iova() + DATA, 64, i);
                ringSomehow(TAIL, submitted % ENTRIES);
                assertThat(status(completion())).isZero();
                ringSomehow(HEAD, completed % ENTRIES);
            }
        } finally {
            over.set(true);
            switching.join();
        }
        assertThat(doorbells.segment().get(ValueLayout.JAVA_INT, COMPLETED))
                .as("what the device counted")
                .isEqualTo(200);
    }

    private void ringSomehow(long register, int value) {
        boolean rung = false;
        while (!rung) {
            try {
                ring(register, value);
                rung = true;
            } catch (IllegalStateException off) {
                // The JVM interrupts a thread whose view is closed while it uses it.
                Thread.interrupted();
            }
        }
    }
}
