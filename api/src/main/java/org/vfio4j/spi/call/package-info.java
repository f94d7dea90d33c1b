// SPDX-License-Identifier: Apache-2.0
/**
 * Raw calls: who makes them ({@link org.vfio4j.spi.call.Caller}) and what they are made on
 * ({@link org.vfio4j.spi.call.UapiFile}). Doors transport system calls to these types; the core and the backends answer.
 */
package org.vfio4j.spi.call;
