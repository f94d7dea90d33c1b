// SPDX-License-Identifier: Apache-2.0
/** The contract tests, passed by vfio4j's own backends, bus drivers and host on the default machine. */
package org.vfio4j.conformance.contract;
