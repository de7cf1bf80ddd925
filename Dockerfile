# Not built by CI, which has no container engine: report what does not work.
FROM node:20-slim AS build
WORKDIR /app
# better-sqlite3 brings prebuilt code for common platforms, and is compiled where there is none.
RUN apt-get update && apt-get install -y --no-install-recommends python3 make g++ && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
RUN npm run build && npm prune --omit=dev

FROM node:20-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# The store goes to /data: `store: sqlite:/data` in the mounted configuration.
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080
ENV STEELYARD_LISTEN_HOST=0.0.0.0 STEELYARD_STORE=sqlite:/data STEELYARD_CONFIG=/etc/steelyard/steelyard.yaml
ENTRYPOINT ["node", "dist/cli/main.js"]
CMD ["serve"]
