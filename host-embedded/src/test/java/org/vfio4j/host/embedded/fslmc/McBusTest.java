// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.core.memory.SegmentMemory;
import org.vfio4j.host.embedded.iommu.EmbeddedGroup;
import org.vfio4j.host.embedded.iommu.FaultLog;
import org.vfio4j.host.embedded.iommu.PagingConfig;
import org.vfio4j.host.embedded.iommu.PagingUnit;
import org.vfio4j.host.embedded.machine.McSpec;
import org.vfio4j.host.embedded.machine.McSpec.ContainerSpec;
import org.vfio4j.host.embedded.machine.McSpec.ObjectSpec;
import org.vfio4j.host.embedded.machine.Placement;
import org.vfio4j.host.embedded.machine.SourcePosition;
import org.vfio4j.spi.fslmc.McObject;
import org.vfio4j.spi.host.Bus;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.DeviceAttribute;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

class McBusTest {
    private static final long IOVA = 0x10_0000;
    private static final int PAGE = 4096;

    private final FrameTable physical = new FrameTable();
    private final FaultLog faults = new FaultLog();
    private final PagingUnit unit = new PagingUnit("iommu0", physical, PagingConfig.defaults(), faults);
    private final Map<Integer, EmbeddedGroup> groups = new HashMap<>();
    private final Arena arena = Arena.ofShared();
    private final McBus bus = bus(McVersions.CURRENT);

    private McBus bus(McVersions versions) {
        var placement = new Placement(new SourcePosition("test", 1, 1), Optional.of("iommu0"), OptionalInt.empty());
        var spec = new McSpec(
                List.of("fsl_mc_dpio"),
                List.of(
                        new ContainerSpec(
                                2,
                                1,
                                placement,
                                Optional.empty(),
                                List.of(
                                        object("dpmcp", 1, 1),
                                        object("dpio", 1, 1),
                                        object("dpio", 3, 1),
                                        object("dpni", 1, 1),
                                        object("dpbp", 1, 0))),
                        new ContainerSpec(3, 2, placement, Optional.empty(), List.of(object("dpio", 2, 1))),
                        new ContainerSpec(4, 1, placement, Optional.empty(), List.of(object("dpni", 9, 200)))));
        return new McBus(
                spec,
                container -> new McIsolation(
                        Optional.of(groups.computeIfAbsent(container.id(), unit::newGroup)), Set.of(), List.of()),
                physical,
                Runnable::run,
                versions);
    }

    private static ObjectSpec object(String type, int id, int irqs) {
        return new ObjectSpec(type, id, irqs, Optional.empty());
    }

    @AfterEach
    void close() {
        bus.close();
        arena.close();
    }

    private McObject get(String name) {
        return bus.object(name);
    }

    private List<String> onBus() {
        return bus.devices().stream().map(BusDevice::name).toList();
    }

    /** What a driver does that takes the container. */
    private void scan(String container) {
        openContainer(get(container));
        get(container).scan();
    }

    /** Sends a command through a portal as its user does; answers the words. */
    private static long[] user(McObject portal, int id, int token, long... parameters) {
        for (int i = 0; i < 7; i++) {
            portal.writeRegion(0, 8L * (i + 1), i < parameters.length ? parameters[i] : 0);
        }
        portal.writeRegion(0, 0, McCommand.header(id, token));
        long[] answer = new long[8];
        for (int i = 0; i < 8; i++) {
            answer[i] = portal.readRegion(0, 8L * i);
        }
        return answer;
    }

    private static int status(long[] answer) {
        return McCommand.status(answer[0]);
    }

    private static void openContainer(McObject container) {
        long[] words = new long[8];
        words[0] = McCommand.header(McCommand.DPRC_OPEN, 0);
        words[1] = container.id();
        container.sendCommand(words);
    }

    @Test
    void shouldBringOntoTheBusWhatDriversLookInto() {
        assertThat(onBus()).as("the root has its native driver").containsExactly("dprc.1", "dprc.2", "dprc.4");
        assertThat(get("dpni.1").iommuGroup().orElseThrow().devices()).containsExactly(get("dprc.2"));
        scan("dprc.2");
        assertThat(onBus())
                .containsExactly(
                        "dprc.1", "dprc.2", "dprc.4", "dpmcp.1", "dpbp.1", "dpio.1", "dpio.3", "dpni.1", "dprc.3");
        assertThat(get("dprc.2").children().stream().map(McObject::name))
                .as("those that others need first")
                .containsExactly("dpmcp.1", "dpbp.1", "dpio.1", "dpio.3", "dpni.1", "dprc.3");
        scan("dprc.3");
        assertThat(onBus()).endsWith("dprc.3", "dpio.2");
        assertThat(get("dpio.2").sysfsPath()).isEqualTo("/devices/platform/fsl-mc/dprc.1/dprc.2/dprc.3/dpio.2");
        assertThat(get("dprc.1").iommuGroup()).isEmpty();
        assertThat(get("dpni.1").iommuGroup()).isEqualTo(get("dprc.2").iommuGroup());
        assertThat(get("dpni.1").iommuGroup().orElseThrow().devices()).contains(get("dprc.2"), get("dpni.1"));
        assertThat(get("dprc.3").iommuGroup()).isNotEqualTo(get("dprc.2").iommuGroup());
    }

    @Test
    void shouldTakeOffTheBusWhatIsInAContainerThatNobodyHas() {
        scan("dprc.2");
        get("dprc.2").removeChildren();
        assertThat(onBus()).containsExactly("dprc.1", "dprc.2", "dprc.4");
        assertThat(get("dpni.1").iommuGroup().orElseThrow().devices()).containsExactly(get("dprc.2"));
        bus.rescan();
        assertThat(onBus()).as("nobody has the container").doesNotContain("dpni.1");
        get("dprc.2").scan();
        assertThat(onBus()).contains("dpni.1");
    }

    /** Everything a listener can hear. */
    private class Heard implements Bus.Listener {
        private final List<String> words = new ArrayList<>();

        @Override
        public void added(BusDevice device) {
            words.add("+" + device.name());
        }

        @Override
        public void removing(BusDevice device) {
            assertThat(onBus()).contains(device.name());
            words.add("-" + device.name());
        }

        @Override
        public void plugged(BusDevice device) {
            words.add("plugged " + device.name());
        }

        @Override
        public void unplugged(BusDevice device) {
            words.add("unplugged " + device.name());
        }

        List<String> take() {
            var taken = List.copyOf(words);
            words.clear();
            return taken;
        }
    }

    @Test
    void shouldTellListenersWhatARescanFinds() {
        scan("dprc.2");
        var heard = new Heard();
        bus.listen(heard);
        bus.rescan();
        assertThat(heard.take()).isEmpty();
        bus.create("dprc.2", object("dpni", 7, 1));
        bus.create("dprc.2", object("dpmcp", 7, 1));
        bus.plug("dpio.1", false);
        bus.destroy("dpbp.1");
        assertThat(heard.take()).as("before the rescan").isEmpty();
        bus.rescan();
        assertThat(heard.take()).containsExactly("-dpbp.1", "+dpmcp.7", "unplugged dpio.1", "+dpni.7");
        bus.plug("dpio.1", true);
        bus.rescan();
        assertThat(heard.take()).containsExactly("plugged dpio.1");
    }

    private DeviceAttribute attribute(String name) {
        return Objects.requireNonNull(bus.attributes().get(name));
    }

    @Test
    void shouldRescanByAttribute() {
        scan("dprc.2");
        bus.create("dprc.2", object("dpni", 7, 1));
        var rescan = attribute("rescan");
        for (String text : new String[] {"x", "", "-1", "1 1"}) {
            assertThatExceptionOfType(VfioException.class)
                    .isThrownBy(() -> rescan.write(0, text.getBytes(StandardCharsets.US_ASCII)))
                    .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
        }
        rescan.write(0, "0\n".getBytes(StandardCharsets.US_ASCII));
        assertThat(onBus()).doesNotContain("dpni.7");
        rescan.write(0, "1\n".getBytes(StandardCharsets.US_ASCII));
        assertThat(onBus()).contains("dpni.7");
        assertThat(rescan.mode()).isEqualTo(0200);
    }

    /** The root's own driver hears of events in it, unless it is told not to. */
    @Test
    @Timeout(30)
    void shouldLookIntoTheRootByItselfWhenSomethingHappensThere() throws Exception {
        var autorescan = attribute("autorescan");
        assertThat(new String(autorescan.read(), StandardCharsets.US_ASCII)).isEqualTo("1\n");
        var appeared = new CountDownLatch(1);
        bus.listen(new Heard() {
            @Override
            public void added(BusDevice device) {
                appeared.countDown();
            }
        });
        bus.create("dprc.1", object("dpni", 7, 1));
        bus.plug("dpni.7", false);
        appeared.await();
        assertThat(onBus()).contains("dpni.7");

        autorescan.write(0, "0\n".getBytes(StandardCharsets.US_ASCII));
        assertThat(new String(autorescan.read(), StandardCharsets.US_ASCII)).isEqualTo("0\n");
    }

    @Test
    void shouldCarryOutCommandsOfAPortalsUser() {
        var dprc = get("dprc.2");
        long[] open = user(dprc, McCommand.DPRC_OPEN, 0, 2);
        assertThat(status(open)).isZero();
        int token = McCommand.token(open[0]);
        assertThat(token).isNotZero();
        assertThat(status(user(dprc, McCommand.DPRC_OPEN, 0, 2)))
                .as("a second open of the same object")
                .isEqualTo(McStatus.BUSY.code());
        long[] count = user(dprc, McCommand.OBJECT_COUNT, token);
        assertThat(count[1] >>> 32).isEqualTo(6);
        long[] third = user(dprc, McCommand.OBJECT, token, 3);
        assertThat(McCommand.name(third, 4)).isEqualTo("dpni");
        assertThat(third[1] >>> 32).isEqualTo(1);
        assertThat(third[2] & 0xffff).isEqualTo(0x1957);
        assertThat(status(user(dprc, McCommand.CLOSE, token))).isZero();
        assertThat(status(user(dprc, McCommand.OBJECT_COUNT, token))).isEqualTo(McStatus.AUTH_ERR.code());
    }

    @Test
    void shouldKeepPortalsToTheirContainer() {
        var dprc = get("dprc.3");
        assertThat(status(user(dprc, McCommand.open("dpio"), 0, 2))).isZero();
        assertThat(status(user(dprc, McCommand.open("dpio"), 0, 1))).isEqualTo(McStatus.NO_PRIVILEGE.code());
        assertThat(status(user(get("dpmcp.1"), McCommand.open("dpio"), 0, 2)))
                .as("descendants are reached")
                .isZero();
        assertThat(status(user(dprc, 0x7771, 0))).isEqualTo(McStatus.AUTH_ERR.code());
        assertThat(status(user(dprc, McCommand.open("dpio"), 0, 77))).isEqualTo(McStatus.CONFIG_ERR.code());
    }

    @Test
    void shouldTurnStatusOfHostCommandsIntoErrno() {
        var dprc = get("dprc.2");
        bus.answer(McCommand.DPRC_OPEN, McStatus.BUSY);
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> openContainer(dprc))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY));
        bus.answer(McCommand.DPRC_OPEN, McStatus.OK);
        bus.ignore(McCommand.DPRC_OPEN, true);
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> openContainer(dprc))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ETIMEDOUT));
        bus.ignore(McCommand.DPRC_OPEN, false);
        openContainer(dprc);
    }

    @Test
    void shouldDeliverMessagesOfConnectedInterrupts() {
        openContainer(get("dprc.2"));
        var dpni = get("dpni.1");
        List<Integer> taken = new ArrayList<>();
        bus.raise("dpni.1", 0);
        dpni.enableIrqs(taken::add);
        assertThat(taken).isEmpty();
        bus.raise("dpni.1", 0);
        assertThat(taken).containsExactly(0);
        dpni.disableIrqs();
        bus.raise("dpni.1", 0);
        assertThat(taken).containsExactly(0);
        assertThat(bus.freeVectors("dpni.1")).isEqualTo(256);
    }

    @Test
    void shouldRefuseMoreVectorsThanTheContainerHas() {
        openContainer(get("dprc.4"));
        get("dpni.9").enableIrqs(index -> {});
        assertThat(bus.freeVectors("dprc.4")).isEqualTo(56);
        get("dprc.4").enableIrqs(index -> {});
        assertThat(bus.freeVectors("dprc.4")).isEqualTo(55);
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> get("dpni.9").enableIrqs(index -> {}))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
    }

    private static long[] transfer(McObject dpio, int verb, long iova, int length) {
        return user(dpio, verb, 0, iova, length);
    }

    private IommuDomain attach(int container) {
        var group = groups.computeIfAbsent(container, unit::newGroup);
        group.claimDmaOwner(this, false);
        var domain = group.allocateDomain(false);
        group.attach(domain);
        return domain;
    }

    @Spec({"F-067", "F-068"})
    @Test
    void shouldTranslateTransfersByContainer() {
        scan("dprc.2");
        scan("dprc.3");
        var memory = arena.allocate(2 * PAGE, PAGE);
        long phys = physical.insert(new SegmentMemory(memory));
        for (int i = 0; i < PAGE; i++) {
            memory.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 7));
        }
        var domain = attach(2);
        domain.map(IOVA, phys, 2 * PAGE, Protection.READ | Protection.WRITE);

        for (String name : List.of("dpio.1", "dpio.3")) {
            var dpio = get(name);
            memory.asSlice(PAGE, PAGE).fill((byte) 0);
            long[] read = transfer(dpio, PortalDma.FROM_MEMORY, IOVA, PAGE);
            assertThat(status(read)).as(name).isZero();
            assertThat(read[3]).isEqualTo(PAGE);
            assertThat(status(transfer(dpio, PortalDma.TO_MEMORY, IOVA + PAGE, PAGE)))
                    .isZero();
            assertThat(memory.asSlice(0, PAGE).mismatch(memory.asSlice(PAGE, PAGE)))
                    .as(name)
                    .isEqualTo(-1);
        }

        var other = attach(3);
        assertThat(status(transfer(get("dpio.2"), PortalDma.FROM_MEMORY, IOVA, PAGE)))
                .isEqualTo(McStatus.DMA_ERR.code());
        assertThat(faults.faults()).singleElement().satisfies(fault -> {
            assertThat(fault.device()).isEqualTo("dpio.2");
            assertThat(fault.iova()).isEqualTo(IOVA);
        });
        domain.unmap(IOVA, 2 * PAGE);
        groups.values().stream().filter(group -> !group.dmaUnowned()).forEach(group -> {
            group.detach();
            group.releaseDmaOwner(this);
        });
        domain.free();
        other.free();
    }

    @Test
    void shouldRefuseDescriptorsThatMakeNoSense() {
        var dpio = get("dpio.1");
        assertThat(status(transfer(dpio, PortalDma.FROM_MEMORY, IOVA, 4097))).isEqualTo(McStatus.CONFIG_ERR.code());
        assertThat(status(transfer(dpio, 0x0d7f, IOVA, 64))).isEqualTo(McStatus.UNSUPPORTED_OP.code());
    }

    @Test
    void shouldHaveSmallPortalsWithOldFirmware() {
        try (var old = bus(new McVersions(6, 0))) {
            var dpmcp = old.object("dpmcp.1");
            assertThat(dpmcp.regions().getFirst().size()).isEqualTo(64);
            assertThat(dpmcp.regionMemory(0)).isNull();
        }
        assertThat(get("dpmcp.1").regions().getFirst().size()).isEqualTo(64 << 10);
        assertThat(get("dpmcp.1").regionMemory(0)).isNotNull();
        assertThat(get("dprc.2").regionMemory(0))
                .as("containers are never mapped")
                .isNull();
    }
}
